package order

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"traceria/services/event"
	"traceria/services/store"
)

// onCreated confirms an order: a decision of the business, taken after the customer had the answer.
func (o *orders) onCreated(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCreated](e)
	if err != nil {
		return err
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error {
		if err := record(ctx, tx, fact.OrderID, entryOf(e)); err != nil {
			return err
		}
		found, err := readOrder(ctx, tx, fact.OrderID)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && found.progress >= confirmed) {
			return nil // not an order of this database, or decided before
		}
		if err != nil {
			return err
		}
		number, money := found.confirmations()
		if err := tx.Publish(ctx, number, money); err != nil {
			return err
		}
		return record(ctx, tx, fact.OrderID, ownEntry(money))
	})
}

// onRejected cancels an order that the kitchen cannot make. OrderCancelled is the correction that the others
// act on: nobody takes OrderConfirmed back.
func (o *orders) onRejected(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderRejected](e)
	if err != nil {
		return err
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error {
		if err := record(ctx, tx, fact.OrderID, entryOf(e)); err != nil {
			return err
		}
		found, err := readOrder(ctx, tx, fact.OrderID)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && found.progress == cancelled) {
			return nil
		}
		if err != nil {
			return err
		}
		return cancelOrder(ctx, tx, found, fact.Reason)
	})
}

func cancelOrder(ctx context.Context, tx *store.Tx, found row, reason string) error {
	fact := event.OrderCancelled{OrderID: found.id, CustomerID: found.customerID, Reason: reason}
	if err := tx.Publish(ctx, fact); err != nil {
		return err
	}
	return record(ctx, tx, found.id, ownEntry(fact))
}

// onReported adds what another service says about an order to its timeline.
func (o *orders) onReported(ctx context.Context, e event.Envelope) error {
	var about struct {
		OrderID string `json:"orderId"`
	}
	if err := json.Unmarshal(e.Data, &about); err != nil {
		return fmt.Errorf("%w: %w", event.ErrUnreadable, err)
	}
	if about.OrderID == "" {
		return fmt.Errorf("%w: %s: orderId is missing", event.ErrUnreadable, e.Metadata.EventType)
	}
	return o.DB.Do(ctx, func(tx *store.Tx) error { return record(ctx, tx, about.OrderID, entryOf(e)) })
}

// entry is a line of an order's timeline.
type entry struct {
	Event   string    `json:"event"`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
	Service string    `json:"service"`
	eventID string
}

func entryOf(e event.Envelope) entry {
	m := e.Metadata
	return entry{Event: m.EventType, Version: m.Version, At: m.EventDate.Time, Service: m.Source, eventID: m.EventID}
}

// ownEntry is for what this service has just decided: it does not wait to hear it back from the broker.
func ownEntry(fact event.Payload) entry {
	typ := fact.Type()
	return entry{Event: typ.Name, Version: typ.Version, At: time.Now().UTC(), Service: Name, eventID: uuid.NewString()}
}

// record keeps the entry, once, and moves the order forward if the entry is further than what was known.
func record(ctx context.Context, tx *store.Tx, orderID string, e entry) error {
	reached := progressOf(e.Event)
	if _, err := tx.ExecContext(ctx, `INSERT INTO timeline (event_id, order_id, event, version, at, service, progress)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		e.eventID, orderID, e.Event, e.Version, e.At.UnixNano(), e.Service, reached); err != nil {
		return fmt.Errorf("add %s to the timeline: %w", e.Event, err)
	}
	if reached <= created {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE orders SET progress = $1 WHERE id = $2 AND progress < $1`, reached, orderID); err != nil {
		return fmt.Errorf("move the order forward: %w", err)
	}
	return nil
}
