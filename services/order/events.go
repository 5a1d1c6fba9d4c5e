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

// onCreated confirms an order: a decision of the business, taken after the customer had the answer. Whether it was
// taken hangs on what this service did, not on the status: a report that ran ahead must not stand in for it.
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
			return nil // not an order of this database
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
		if found.rejection != "" { // it came first
			return cancelOrder(ctx, tx, found, found.rejection)
		}
		return nil
	})
}

// onRejected cancels an order that the kitchen cannot make. OrderCancelled is the correction that the others
// act on: nobody takes OrderConfirmed back. A rejection of what is not confirmed yet is kept until it is.
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
			return fmt.Errorf("note the rejection: %w", err)
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

// confirm publishes OrderConfirmed in the versions that are chosen; the timeline names the last of the fat ones.
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

// addAddress is the command Add Delivery Address, given to the delivery service for an order that has an address and no
// id of it: the sparse form knows addresses by their ids only. The customer has had the answer by then and waits for
// nobody; while delivery is away, the confirmation waits. An order of which that was asked twice, after a crash, leaves an
// address that nobody uses.
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
