package delivery

import (
	"context"
	"encoding/json"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
)

// streetKey puts personal data on a span on purpose: the Collector removes it (collector/collector.yaml), and a test checks that
// Jaeger does not have it.
const streetKey = attribute.Key("traceria.delivery.street")

// onConfirmed stores the address. If the order is boxed already, the drive starts now.
func (d *deliveries) onConfirmed(ctx context.Context, e event.Envelope) error {
	fact, err := event.ReadConfirmation(e)
	if err == nil && d.Config.Choices(ctx).Style == event.SparseCallback {
		fact, err = d.Fill(ctx, fact)
	}
	if err != nil {
		return err
	}
	if fact.CustomerID == "" {
		return fmt.Errorf("%w: customerId is missing", event.ErrUnreadable)
	}
	address, err := json.Marshal(fact.DeliveryAddress)
	if err != nil {
		return fmt.Errorf("encode the address: %w", err)
	}
	return d.learn(ctx, e, fact.OrderID,
		`UPDATE deliveries SET confirmed = TRUE, customer_id = $1, address = $2, address_id = $3 WHERE order_id = $4`,
		fact.CustomerID, string(address), fact.DeliveryAddressID, fact.OrderID)
}

// onBoxed starts the drive if the address is known.
func (d *deliveries) onBoxed(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderBoxed](e)
	if err != nil {
		return err
	}
	return d.learn(ctx, e, fact.OrderID, `UPDATE deliveries SET boxed = TRUE WHERE order_id = $1`, fact.OrderID)
}

// onCancelled stops an order: one that waits is not sent out, and one on the road is not handed over.
func (d *deliveries) onCancelled(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCancelled](e)
	if err != nil {
		return err
	}
	return d.learn(ctx, e, fact.OrderID, `UPDATE deliveries SET cancelled = TRUE WHERE order_id = $1`, fact.OrderID)
}

// learn stores the content of an event, in any order of arrival, and drives if nothing is missing.
func (d *deliveries) learn(ctx context.Context, e event.Envelope, orderID, update string, args ...any) error {
	drive, err := d.note(ctx, e, orderID, update, args)
	if err != nil || !drive {
		return err
	}
	if err := host.Work(ctx, d.drivingTime); err != nil {
		return fmt.Errorf("drive: %w", err)
	}
	return d.arrive(ctx, orderID)
}

// note stores the content of an event and sends the order out if nothing is missing. Without a drive the event is recorded as
// handled; otherwise it is recorded when the drive has ended.
func (d *deliveries) note(ctx context.Context, e event.Envelope, orderID, update string, args []any) (drive bool, err error) {
	err = d.DB.Do(ctx, func(tx *store.Tx) error {
		drive = false
		if done, err := tx.Received(ctx); err != nil || done {
			return err
		}
		if err := know(ctx, tx, orderID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, update, args...); err != nil {
			return fmt.Errorf("store %s: %w", e.Metadata.EventType, err)
		}
		known, err := read(ctx, tx, orderID)
		if err != nil {
			return err
		}
		if known.address != nil {
			trace.SpanFromContext(ctx).SetAttributes(streetKey.String(known.address.AddressLine1))
		}
		drive, err = d.sendOut(ctx, tx, known, e.Identity())
		if err != nil || drive {
			return err
		}
		_, err = tx.Receive(ctx)
		return err
	})
	return drive, err
}

// sendOut marks the order as on the road and notifies the customer, once, if nothing is missing. An event that is delivered again
// after a crash continues its drive.
func (d *deliveries) sendOut(ctx context.Context, tx *store.Tx, known delivery, by event.Identity) (drive bool, err error) {
	switch {
	case known.cancelled || known.stage == delivered:
		return false, nil
	case known.stage == onTheRoad:
		return known.sentOutBy == by.String(), nil
	case !known.confirmed || !known.boxed:
		return false, nil
	case known.address == nil:
		d.Log.Warn().Ctx(ctx).Str("address_id", known.addressID).
			Msg("boxed order has an unknown address; it waits until POST /order/{id}/cancel")
		return false, nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET stage = $1, sent_out_by = $2 WHERE order_id = $3`,
		onTheRoad, by.String(), known.orderID); err != nil {
		return false, fmt.Errorf("send out: %w", err)
	}
	return true, tx.Publish(ctx, event.DeliveryNotificationSent{OrderID: known.orderID, CustomerID: known.customerID})
}

// arrive hands the order over unless it was cancelled on the road.
func (d *deliveries) arrive(ctx context.Context, orderID string) error {
	return d.DB.Once(ctx, func(tx *store.Tx) error {
		if first, err := handOver(ctx, tx, orderID); err != nil || !first {
			return err
		}
		return tx.Publish(ctx, event.OrderDelivered{OrderID: orderID})
	})
}
