package store

import (
	"context"

	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// duplicates counts the events that the inbox had already: repeated messages, and later versions of a fact.
type duplicates struct{ counter metric.Int64Counter }

func newDuplicates(meter metric.Meter) *duplicates {
	// The SDK reports an error itself and returns an instrument that does nothing.
	counter, _ := meter.Int64Counter("traceria.inbox.duplicates", metric.WithUnit("{message}"),
		metric.WithDescription("Messages that changed nothing because their subscription had handled the event before."))
	return &duplicates{counter}
}

// count is called after the commit: a transaction that is repeated counts once.
func (d *duplicates) count(ctx context.Context, subscription string) {
	d.counter.Add(ctx, 1, metric.WithAttributes(semconv.MessagingDestinationSubscriptionName(subscription)))
}
