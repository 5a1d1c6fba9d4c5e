package store

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Unsent has the number of messages in an outbox by state. A fact in two forms is two messages.
type Unsent struct {
	// Waiting messages were not sent yet, have no known result, or are to be sent again. A refused message of their
	// conversation may hold them back.
	Waiting int
	// Refused messages were not accepted by the broker: a nack, or no confirm in time.
	Refused int
	// Unroutable messages were wanted by no queue.
	Unroutable int
	// Unreadable rows are damaged.
	Unreadable int
}

// Total returns the number of all messages.
func (u Unsent) Total() int { return u.Waiting + u.Refused + u.Unroutable + u.Unreadable }

// Unsent counts the messages in the outbox.
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

// unsentTime is the time limit of the metric's query.
const unsentTime = time.Second

// observeUnsent reports the metric traceria.outbox.waiting until stop is called. Each collection of the metrics counts the
// rows. Only the relaying process reports it: the sum over all processes of a service would be too high.
func (db *DB) observeUnsent() (stop func(), err error) {
	gauge, err := db.meter.Int64ObservableGauge("traceria.outbox.waiting", metric.WithUnit("{message}"),
		metric.WithDescription("Messages in the outbox, by state: waiting, refused, unroutable, unreadable."))
	if err != nil {
		return nil, fmt.Errorf("create the metric of the outbox: %w", err)
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
