package order

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"traceria/services/event"
	"traceria/services/store"
)

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

// ownEntry is the entry of an event of this service. It is recorded at once, not when the event returns from the broker.
func ownEntry(fact event.Payload) entry {
	typ := fact.Type()
	return entry{Event: typ.Name, Version: typ.Version, At: time.Now().UTC(), Service: Name, eventID: uuid.NewString()}
}

// record stores the entry once and moves the order forward.
func record(ctx context.Context, tx *store.Tx, orderID string, e entry) error {
	_, err := recordSince(ctx, tx, orderID, e)
	return err
}

// recordSince is record. It returns the time at which the order was placed, or the zero time if it did not move.
func recordSince(ctx context.Context, tx *store.Tx, orderID string, e entry) (placed time.Time, err error) {
	reached := progressOf(e.Event)
	if _, err := tx.ExecContext(ctx, `INSERT INTO timeline (order_id, event, event_id, version, at, service, progress)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		orderID, e.Event, e.eventID, e.Version, e.At.UnixNano(), e.Service, reached); err != nil {
		return placed, fmt.Errorf("add %s to the timeline: %w", e.Event, err)
	}
	if reached <= created {
		return placed, nil
	}
	return moveForward(ctx, tx, orderID, reached)
}

// moveForward sets the progress of the order unless it is further already. It returns the time at which the order was placed,
// or the zero time if it did not move.
func moveForward(ctx context.Context, tx *store.Tx, orderID string, reached progress) (placed time.Time, err error) {
	var at int64
	err = tx.QueryRowContext(ctx, `UPDATE orders SET progress = $1 WHERE id = $2 AND progress < $1 RETURNING created_at`,
		reached, orderID).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return placed, nil
	}
	if err != nil {
		return placed, fmt.Errorf("move the order forward: %w", err)
	}
	return time.Unix(0, at), nil
}

func (o *orders) timeline(ctx context.Context, id string) ([]entry, error) {
	found, err := o.timelines(ctx, `= $1`, id)
	if err != nil || len(found) == 0 {
		return []entry{}, err
	}
	return found[id], nil
}

// addTimelines reads the timelines of the orders that where has selected.
func (o *orders) addTimelines(ctx context.Context, found []view, where string, args ...any) error {
	all, err := o.timelines(ctx, `IN (SELECT id FROM orders `+where+`)`, args...)
	if err != nil {
		return err
	}
	for i := range found {
		found[i].Timeline = all[found[i].OrderID]
	}
	return nil
}

// timelines reads timelines by order id. which is the condition for the ids.
func (o *orders) timelines(ctx context.Context, which string, args ...any) (map[string][]entry, error) {
	rows, err := o.DB.QueryContext(ctx,
		`SELECT order_id, event, version, at, service FROM timeline WHERE order_id `+which+` ORDER BY at, progress, event_id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read the timeline: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string][]entry{}
	for rows.Next() {
		var id string
		var e entry
		var at int64
		if err := rows.Scan(&id, &e.Event, &e.Version, &at, &e.Service); err != nil {
			return nil, fmt.Errorf("read the timeline: %w", err)
		}
		e.At = time.Unix(0, at).UTC()
		found[id] = append(found[id], e)
	}
	return found, rows.Err()
}
