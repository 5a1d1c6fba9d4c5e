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

// streetKey is personal data on a span, on purpose: the Collector takes it off before anybody else sees it
// (collector/collector.yaml), and a test looks for it in Jaeger.
const streetKey = attribute.Key("traceria.delivery.street")

// onConfirmed keeps where the order goes. Usually the food is not ready yet; if its box was there first, the
// order goes out now.
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
		return fmt.Errorf("write the address: %w", err)
	}
	return d.learn(ctx, e, fact.OrderID,
		`UPDATE deliveries SET confirmed = TRUE, customer_id = $1, address = $2, address_id = $3 WHERE order_id = $4`,
		fact.CustomerID, string(address), fact.DeliveryAddressID, fact.OrderID)
}

// onBoxed sends the order out, if it is known where to.
func (d *deliveries) onBoxed(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderBoxed](e)
	if err != nil {
		return err
	}
	return d.learn(ctx, e, fact.OrderID, `UPDATE deliveries SET boxed = TRUE WHERE order_id = $1`, fact.OrderID)
}

// onCancelled keeps an order at home that is not on the road yet, and turns one round that is.
func (d *deliveries) onCancelled(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCancelled](e)
	if err != nil {
		return err
	}
	return d.learn(ctx, e, fact.OrderID, `UPDATE deliveries SET cancelled = TRUE WHERE order_id = $1`, fact.OrderID)
}

// learn writes down what an event says, whichever comes first, and drives when everything needed is known.
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

// note writes down what an event says and, when that was all that was missing, sends the order out. Without a drive the
// event is handled; with one, it is when the drive has ended.
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
			return fmt.Errorf("note %s: %w", e.Metadata.EventType, err)
		}
		known, err := read(ctx, tx, orderID)
		if err != nil {
			return err
		}
		if known.address != nil {
			trace.SpanFromContext(ctx).SetAttributes(streetKey.String(known.address.AddressLine1))
		}
		drive, err = d.sendOut(ctx, tx, known, e.Metadata.EventID)
		if err != nil || drive {
			return err
		}
		_, err = tx.Receive(ctx)
		return err
	})
	return drive, err
}

// sendOut puts the order on the road and tells the customer, if all is known and nobody did so before. An event
// that comes again after a crash goes on with the drive that it began.
func (d *deliveries) sendOut(ctx context.Context, tx *store.Tx, known delivery, eventID string) (drive bool, err error) {
	switch {
	case known.cancelled || known.stage == delivered:
		return false, nil
	case known.stage == onTheRoad:
		return known.sentOutBy == eventID, nil
	case !known.confirmed || !known.boxed:
		return false, nil
	case known.address == nil:
		d.Log.Warn().Ctx(ctx).Str("address_id", known.addressID).
			Msg("boxed, but nobody knows the address any more: the order waits until it is cancelled (POST /order/{id}/cancel)")
		return false, nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET stage = $1, sent_out_by = $2 WHERE order_id = $3`,
		onTheRoad, eventID, known.orderID); err != nil {
		return false, fmt.Errorf("send out: %w", err)
	}
	return true, tx.Publish(ctx, event.DeliveryNotificationSent{OrderID: known.orderID, CustomerID: known.customerID})
}

// arrive hands the order over, unless it was cancelled on the road.
func (d *deliveries) arrive(ctx context.Context, orderID string) error {
	return d.DB.Once(ctx, func(tx *store.Tx) error {
		if first, err := handOver(ctx, tx, orderID); err != nil || !first {
			return err
		}
		return tx.Publish(ctx, event.OrderDelivered{OrderID: orderID})
	})
}
