package broker

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// outcomeKey is what became of a settled delivery: ack, retry, dead or requeue.
const outcomeKey = attribute.Key("outcome")

// The boundaries of the histograms. Attempts are whole numbers; 20 is the delivery limit of the queues.
var (
	attemptBuckets = []float64{1, 2, 3, 4, 5, 10, 20}
	backOffBuckets = []float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}
)

// instruments measure what becomes of deliveries.
type instruments struct {
	settled metric.Int64Counter
	attempt metric.Int64Histogram
	backOff metric.Float64Histogram
	letters metric.Int64Counter
}

func newInstruments(tel *telemetry.Telemetry) instruments {
	meter := tel.MeterProvider.Meter(scope)
	var i instruments
	// The SDK reports an error itself and returns an instrument that does nothing.
	i.settled, _ = meter.Int64Counter("traceria.message.settled", metric.WithUnit("{message}"),
		metric.WithDescription("Deliveries that were settled, by what became of them: ack, retry, dead or requeue."))
	i.attempt, _ = meter.Int64Histogram("traceria.delivery.attempt", metric.WithUnit("{attempt}"),
		metric.WithExplicitBucketBoundaries(attemptBuckets...),
		metric.WithDescription("Number of the attempt, counted from 1, of each delivery that was handled."))
	i.backOff, _ = meter.Float64Histogram("traceria.retry.backoff", metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(backOffBuckets...),
		metric.WithDescription("Time that a failed message waits in a retry queue before the next attempt."))
	i.letters, _ = meter.Int64Counter("traceria.dead_letters", metric.WithUnit("{message}"),
		metric.WithDescription("Messages that became dead letters, by the type of the last error."))
	return i
}

// meters are the instruments of one subscription. The attribute sets are built once, because a set for each message would
// allocate.
type meters struct {
	instruments
	queue    attribute.KeyValue
	delays   []time.Duration
	record   []metric.RecordOption
	outcomes map[outcome][]metric.AddOption
}

// of returns the meters of a subscription. Its counters begin with 0: a rate does not see the first value of a series.
func (i instruments) of(ctx context.Context, s Subscription) *meters {
	m := &meters{
		instruments: i, delays: s.Delays(), queue: semconv.MessagingDestinationSubscriptionName(s.Queue()),
		outcomes: map[outcome][]metric.AddOption{},
	}
	m.record = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(m.queue))}
	for _, o := range []outcome{done, retry, dead, requeue} {
		set := attribute.NewSet(m.queue, outcomeKey.String(o.String()))
		m.outcomes[o] = []metric.AddOption{metric.WithAttributeSet(set)}
		m.settled.Add(ctx, 0, m.outcomes[o]...)
	}
	m.letters.Add(ctx, 0, metric.WithAttributes(m.queue, semconv.ErrorTypeOther))
	return m
}

// handled counts a delivery that a handler has finished with, also when the settlement fails afterwards. A delivery that is
// held or interrupted is not finished.
func (m *meters) handled(ctx context.Context, o outcome, h history) {
	if _, finished := m.outcomes[o]; finished {
		m.attempt.Record(ctx, int64(h.attempt), m.record...)
	}
}

// moved counts a delivery that is settled: RabbitMQ delivers it no more, or again at once (requeue).
func (m *meters) moved(ctx context.Context, o outcome, h history, err error) {
	options, settles := m.outcomes[o]
	if !settles {
		return
	}
	m.settled.Add(ctx, 1, options...)
	switch o {
	case retry:
		m.backOff.Record(ctx, m.delays[h.retries].Seconds(), m.record...)
	case dead:
		m.letters.Add(ctx, 1, metric.WithAttributes(m.queue, semconv.ErrorTypeKey.String(otelamqp.ErrorType(err))))
	case done, pause, requeue, interrupted:
	}
}
