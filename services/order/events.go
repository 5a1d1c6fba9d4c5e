package order

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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
		if err := confirmOrder(ctx, tx, found); err != nil {
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

func confirmOrder(ctx context.Context, tx *store.Tx, found row) error {
	number, money := found.confirmations()
	if err := tx.Publish(ctx, number, money); err != nil {
		return err
	}
	return record(ctx, tx, found.id, ownEntry(money))
}

func cancelOrder(ctx context.Context, tx *store.Tx, found row, reason string) error {
	fact := event.OrderCancelled{OrderID: found.id, CustomerID: found.customerID, Reason: reason}
	if err := tx.Publish(ctx, fact); err != nil {
		return err
	}
	return record(ctx, tx, found.id, ownEntry(fact))
}

// reported subscribes to what another service says about an order, and adds it to the order's timeline.
func reported[T event.Payload](o *orders, orderID func(T) string) broker.Subscription {
	var zero T
	return broker.Subscription{
		Subscriber: Name, Event: zero.Type(),
		Handle: func(ctx context.Context, e event.Envelope) error {
			fact, err := event.Data[T](e)
			if err != nil {
				return err
			}
			return o.DB.Once(ctx, func(tx *store.Tx) error { return record(ctx, tx, orderID(fact), entryOf(e)) })
		},
	}
}
