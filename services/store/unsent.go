package store

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Unsent counts the messages in an outbox by what keeps them there. A fact that is published in two forms is two
// messages.
type Unsent struct {
	// Waiting were not sent yet, or the broker went away before it answered, or are to be sent again. They may wait for a
	// refused one.
	Waiting int
	// Refused were not taken by the broker (a nack, no confirm in time); what follows them in their conversation waits.
	Refused int
	// Unroutable were wanted by no queue.
	Unroutable int
	// Unreadable are rows that cannot be read.
	Unreadable int
}

// Total is how many there are in all.
func (u Unsent) Total() int { return u.Waiting + u.Refused + u.Unroutable + u.Unreadable }

// Unsent counts what is in the outbox.
func (db *DB) Unsent(ctx context.Context) (Unsent, error) {
	var found Unsent
	rows, err := db.QueryContext(ctx, `SELECT state, COUNT(*) FROM outbox GROUP BY state`)
	if err != nil {
		return found, fmt.Errorf("count the outbox: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return found, fmt.Errorf("count the outbox: %w", err)
		}
		switch state {
		case refused:
			found.Refused = n
		case unroutable:
			found.Unroutable = n
		case unreadable:
			found.Unreadable = n
		default:
			found.Waiting += n
		}
	}
	return found, statementError(rows.Err())
}

// unsentTime is how long the metric's count may take: it is not worth more.
const unsentTime = time.Second

// observeUnsent reports the counts as the metric traceria.outbox.waiting, counted when the metrics are collected, until
// stop is called. Only the process that relays does, or the sum over a service's processes would be too high.
func (db *DB) observeUnsent() (stop func(), err error) {
	gauge, err := db.meter.Int64ObservableGauge("traceria.outbox.waiting", metric.WithUnit("{message}"),
		metric.WithDescription("Messages in the outbox, by what keeps them there (state): waiting, refused, unroutable, unreadable."))
	if err != nil {
		return nil, fmt.Errorf("make the outbox's metric: %w", err)
	}
	registration, err := db.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, unsentTime)
		defer cancel()
		found, err := db.Unsent(ctx)
		if err != nil {
			return err
		}
		for state, n := range map[string]int{
			waiting: found.Waiting, refused: found.Refused, unroutable: found.Unroutable, unreadable: found.Unreadable,
		} {
			o.ObserveInt64(gauge, int64(n), metric.WithAttributes(attribute.String("state", state)))
		}
		return nil
	}, gauge)
	if err != nil {
		return nil, fmt.Errorf("observe the outbox: %w", err)
	}
	return func() { _ = registration.Unregister() }, nil
}
