package order

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"traceria/services/store"
	"traceria/telemetry"
)

const (
	scope    = "traceria/services/order"
	stateKey = attribute.Key("state")
)

// deliveryBuckets are the boundaries, in seconds, of the time to delivery. An order takes less than a second when all is well.
var deliveryBuckets = []float64{0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 300, 900, 3600}

// meters are the instruments of the order service.
type meters struct{ delivery metric.Float64Histogram }

// newMeters creates the instruments. The number of orders by state is counted when the metrics are collected, by the process
// that relays: the sum over all processes would be too high.
func newMeters(tel *telemetry.Telemetry, db *store.DB) (m meters, err error) {
	meter := tel.MeterProvider.Meter(scope)
	if m.delivery, err = meter.Float64Histogram("traceria.order.delivery.duration", metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(deliveryBuckets...),
		metric.WithDescription("Time from placing an order to its delivery.")); err != nil {
		return m, fmt.Errorf("create the metric of the deliveries: %w", err)
	}
	s := states{db: db, counts: store.Paced[byProgress]{Most: countAge}}
	if _, err = meter.Int64ObservableGauge("traceria.orders", metric.WithUnit("{order}"), metric.WithInt64Callback(s.observe),
		metric.WithDescription("Orders by state: created, confirmed, preparing, boxed, out-for-delivery, delivered or cancelled."),
	); err != nil {
		err = fmt.Errorf("create the metric of the orders: %w", err)
	}
	return m, err
}

// took measures the time to delivery. placed is the zero time if the order was delivered or cancelled before.
func (m meters) took(ctx context.Context, placed, delivered time.Time) {
	if !placed.IsZero() {
		m.delivery.Record(ctx, max(0, delivered.Sub(placed).Seconds()))
	}
}

// byProgress has the number of orders with each progress.
type byProgress [cancelled + 1]int64

// states measures the number of orders by state.
type states struct {
	db     *store.DB
	counts store.Paced[byProgress]
}

func (s *states) observe(ctx context.Context, o metric.Int64Observer) error {
	if !s.db.Relaying() {
		return nil
	}
	counts, found := s.counts.Measure("the orders", func() (byProgress, error) { return count(ctx, s.db) })
	if !found {
		return nil
	}
	for state, n := range counts {
		o.Observe(n, metric.WithAttributes(stateKey.String(progress(state).String())))
	}
	return nil
}

const (
	// countTime is the time limit of count.
	countTime = time.Second
	// countAge is the longest time for which the counts, or the error of a count, are kept. A count that waited for a busy database
	// would otherwise be shown for up to 200 s. Services export metrics every 5 s.
	countAge = 5 * time.Second
)

// count returns the number of orders by progress. It reads the small indexes orders_open and orders_cancelled, and of all
// orders one index: the delivered ones are the rest.
func count(ctx context.Context, db *store.DB) (counts byProgress, err error) {
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	rows, err := db.QueryContext(ctx, `SELECT progress, COUNT(*) FROM orders WHERE progress < 5 GROUP BY progress
		UNION ALL SELECT 6, COUNT(*) FROM orders WHERE progress = 6
		UNION ALL SELECT 5, COUNT(*) FROM orders`)
	if err != nil {
		return counts, fmt.Errorf("count the orders: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var state progress
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return counts, fmt.Errorf("count the orders: %w", err)
		}
		counts[state] = n
	}
	for state, n := range counts {
		if progress(state) != delivered {
			counts[delivered] -= n
		}
	}
	return counts, rows.Err()
}
