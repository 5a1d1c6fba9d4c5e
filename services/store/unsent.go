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
	found, err := db.unsentSince(ctx)
	return found.Unsent, err
}

// unsentSince has the messages in an outbox, and the time at which the oldest one was written that was never sent. It is the
// zero time if there is none.
type unsentSince struct {
	Unsent
	oldest time.Time
}

func (db *DB) unsentSince(ctx context.Context) (unsentSince, error) {
	var found unsentSince
	rows, err := db.QueryContext(ctx, `SELECT state, COUNT(*), MIN(created_at) FROM outbox GROUP BY state`)
	if err != nil {
		return found, fmt.Errorf("count the outbox: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var state string
		var n int
		var oldest int64
		if err := rows.Scan(&state, &n, &oldest); err != nil {
			return found, fmt.Errorf("count the outbox: %w", err)
		}
		if at := time.Unix(0, oldest); state != again && (found.oldest.IsZero() || at.Before(found.oldest)) {
			found.oldest = at
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

// unsentAge is the longest time for which the metric's values are kept. The age of a message that has been sent would grow on,
// and an alert would fire. The query reads unsent messages only.
const unsentAge = 2 * time.Second

// observeUnsent reports the metrics traceria.outbox.waiting and traceria.outbox.oldest until stop is called. Only the
// relaying process reports them: the sum over all processes of a service would be too high.
func (db *DB) observeUnsent() (stop func(), err error) {
	waiting, err := db.meter.Int64ObservableGauge("traceria.outbox.waiting", metric.WithUnit("{message}"),
		metric.WithDescription("Messages in the outbox, by state: waiting, refused, unroutable, unreadable."))
	if err != nil {
		return nil, fmt.Errorf("create the metric of the outbox: %w", err)
	}
	oldest, err := db.meter.Float64ObservableGauge("traceria.outbox.oldest", metric.WithUnit("s"),
		metric.WithDescription("Age of the oldest message in the outbox that was never sent, 0 if there is none."))
	if err != nil {
		return nil, fmt.Errorf("create the metric of the outbox: %w", err)
	}
	counts := Paced[unsentSince]{Most: unsentAge}
	registration, err := db.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, unsentTime)
		defer cancel()
		if unsent, found := counts.Measure("the outbox", func() (unsentSince, error) { return db.unsentSince(ctx) }); found {
			unsent.observe(o, waiting, oldest)
		}
		return nil
	}, waiting, oldest)
	if err != nil {
		return nil, fmt.Errorf("observe the outbox: %w", err)
	}
	return func() { _ = registration.Unregister() }, nil
}

func (u unsentSince) observe(o metric.Observer, counts metric.Int64Observable, oldest metric.Float64Observable) {
	for state, n := range map[string]int{
		waiting: u.Waiting, refused: u.Refused, unroutable: u.Unroutable, unreadable: u.Unreadable,
	} {
		o.ObserveInt64(counts, int64(n), metric.WithAttributes(attribute.String("state", state)))
	}
	age := 0.0
	if !u.oldest.IsZero() {
		age = max(0, time.Since(u.oldest).Seconds()) // another process may have a clock that is ahead
	}
	o.ObserveFloat64(oldest, age)
}
