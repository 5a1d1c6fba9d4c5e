package order

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/store"
)

// onCreated confirms an order. The decision is made after the customer had the answer. Whether it was made depends on the
// timeline, not on the status, because an early report of another service can move the status.
func (o *orders) onCreated(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCreated](e)
	if err != nil {
		return err
	}
	forms := o.Config.Choices(ctx).Confirmed()
	addressID, err := o.addAddress(ctx, fact.OrderID, forms)
	if err != nil {
		return err
	}
	return o.DB.Once(ctx, func(tx *store.Tx) error {
		if err := record(ctx, tx, fact.OrderID, entryOf(e)); err != nil {
			return err
		}
		found, err := readOrder(ctx, tx, fact.OrderID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // no order of this database
		}
		if err != nil || found.confirmed || found.progress == cancelled {
			return err
		}
		if found.addressID == "" {
			found.addressID = addressID
		}
		if err := o.confirm(ctx, tx, found, forms); err != nil {
			return err
		}
		if found.rejection != "" { // the rejection arrived before the confirmation
			return cancelOrder(ctx, tx, found, found.rejection)
		}
		return nil
	})
}

// onRejected cancels an order that the kitchen cannot make. OrderCancelled corrects OrderConfirmed, and the other services act on
// it. A rejection of an order that is not confirmed yet is kept until it is.
func (o *orders) onRejected(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderRejected](e)
	if err != nil {
		return err
	}
	return o.DB.Once(ctx, func(tx *store.Tx) error {
		if err := record(ctx, tx, fact.OrderID, entryOf(e)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO rejections (order_id, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			fact.OrderID, fact.Reason); err != nil {
			return fmt.Errorf("store the rejection: %w", err)
		}
		found, err := readOrder(ctx, tx, fact.OrderID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil || !found.confirmed || found.progress == cancelled {
			return err
		}
		return cancelOrder(ctx, tx, found, found.rejection)
	})
}

// onDelivered adds the delivery to the timeline and measures how long the customer waited.
func (o *orders) onDelivered(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderDelivered](e)
	if err != nil {
		return err
	}
	return o.DB.Once(ctx, func(tx *store.Tx) error {
		placed, err := recordSince(ctx, tx, fact.OrderID, entryOf(e))
		tx.Committed(func() { o.took(ctx, placed, e.Metadata.EventDate.Time) })
		return err
	})
}

// confirm publishes OrderConfirmed in the chosen versions. The timeline has the last fat version, or v3 if there is no other.
func (o *orders) confirm(ctx context.Context, tx *store.Tx, found row, versions []event.Type) error {
	forms := found.confirmations(versions)
	if err := tx.Publish(ctx, forms...); err != nil {
		return err
	}
	told := forms[len(forms)-1]
	if told.Type() == event.OrderConfirmedV3 && len(forms) > 1 {
		told = forms[len(forms)-2]
	}
	return record(ctx, tx, found.id, ownEntry(told))
}

// addAddress sends the command Add Delivery Address to the delivery service, because the sparse form needs the id of the
// address. The customer already has the answer; while delivery is down, the confirmation waits. If the request is repeated
// after a crash, one unused address remains.
func (o *orders) addAddress(ctx context.Context, id string, forms []event.Type) (addressID string, err error) {
	if !slices.Contains(forms, event.OrderConfirmedV3) {
		return "", nil
	}
	var found row
	err = o.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if done, err := tx.Received(ctx); err != nil || done {
			found = row{}
			return err
		}
		found, err = readOrder(ctx, tx, id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || found.address == nil || found.addressID != "" || found.confirmed {
		return "", err
	}
	var answer struct {
		DeliveryAddressID string `json:"deliveryAddressId"`
	}
	err = o.Ask(ctx, "delivery", http.MethodPost, "/delivery/addresses", found.address, &answer)
	return answer.DeliveryAddressID, err
}

func cancelOrder(ctx context.Context, tx *store.Tx, found row, reason string) error {
	fact := event.OrderCancelled{OrderID: found.id, CustomerID: found.customerID, Reason: reason}
	if err := tx.Publish(ctx, fact); err != nil {
		return err
	}
	return record(ctx, tx, found.id, ownEntry(fact))
}

// reported returns a handler that adds another service's event to the timeline of its order.
func reported[T event.Payload](o *orders, orderID func(T) string) broker.Handler {
	return func(ctx context.Context, e event.Envelope) error {
		fact, err := event.Data[T](e)
		if err != nil {
			return err
		}
		return o.DB.Once(ctx, func(tx *store.Tx) error { return record(ctx, tx, orderID(fact), entryOf(e)) })
	}
}
