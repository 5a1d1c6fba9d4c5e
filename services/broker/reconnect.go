package broker

import (
	"context"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker/wire"
)

const (
	// sayAgain is the pause between two log lines about the same outage.
	sayAgain   = time.Minute
	purposeKey = attribute.Key("traceria.broker.purpose")
	// attemptsKey is the number of attempts to connect, the successful one included.
	attemptsKey = attribute.Key("traceria.broker.attempts")
	causeKey    = attribute.Key("traceria.broker.cause")
)

// outages reports lost connections and lost consumers of single queues: a log line at the beginning and at the end, a span
// from the one to the other, and metrics.
type outages struct {
	log     zerolog.Logger
	tracer  trace.Tracer
	count   metric.Int64Counter
	blocks  metric.Int64Counter
	address []attribute.KeyValue

	mu    sync.Mutex
	open  map[string]*outage
	said  map[string]time.Time
	stood map[string]bool // was connected at least once: the wait at the start is no outage
	marks map[string][]attribute.KeyValue
}

type outage struct {
	since    time.Time
	cause    error
	attempts int
	told     bool
}

func newOutages(config Config) *outages {
	meter := config.Telemetry.MeterProvider.Meter(scope)
	// The SDK reports an error itself and returns an instrument that does nothing.
	count, _ := meter.Int64Counter("traceria.broker.reconnects", metric.WithUnit("{reconnect}"),
		metric.WithDescription("Reconnections to RabbitMQ, and consumers of a queue that started again"))
	blocks, _ := meter.Int64Counter("traceria.broker.blocks", metric.WithUnit("{block}"),
		metric.WithDescription("Times that RabbitMQ stopped taking messages because it was short of memory or disk"))
	o := &outages{
		log: config.Telemetry.Log, tracer: config.Telemetry.TracerProvider.Tracer(scope), count: count, blocks: blocks,
		open: map[string]*outage{}, said: map[string]time.Time{}, stood: map[string]bool{},
		marks: map[string][]attribute.KeyValue{},
	}
	if uri, err := amqp091.ParseURI(config.URL); err == nil {
		o.address = []attribute.KeyValue{semconv.ServerAddress(uri.Host), semconv.ServerPort(uri.Port)}
	}
	return o
}

// begin makes the counters of a purpose begin with 0: a rate does not see the first value of a series.
func (o *outages) begin(ctx context.Context, purpose string) {
	of := metric.WithAttributes(purposeKey.String(purpose))
	o.count.Add(ctx, 0, of)
	o.blocks.Add(ctx, 0, of)
}

const scope = "traceria/services/broker"

// lost begins the outage of what, or counts a failed attempt to end it. It logs at most once a minute, also when the
// connection is lost again and again.
func (o *outages) lost(what string, cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	current := o.open[what]
	if current == nil {
		current = &outage{since: time.Now(), cause: cause}
		o.open[what] = current
	}
	current.attempts++
	if time.Since(o.said[what]) < sayAgain {
		return
	}
	o.said[what] = time.Now()
	current.told = true
	o.log.Warn().Err(cause).Str("purpose", what).Msg("waiting for RabbitMQ")
}

// found ends the outage of what, if there is one.
func (o *outages) found(ctx context.Context, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	again := o.stood[what]
	o.stood[what] = true
	ended := o.open[what]
	if ended == nil {
		return
	}
	delete(o.open, what)
	marks := o.marks[what]
	delete(o.marks, what)
	if ended.told {
		o.log.Info().Str("purpose", what).Msg("RabbitMQ is there")
	}
	if !again {
		return
	}
	o.count.Add(ctx, 1, metric.WithAttributes(purposeKey.String(what)))
	_, span := o.tracer.Start(ctx, "reconnect "+what, trace.WithTimestamp(ended.since),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(semconv.MessagingSystemRabbitMQ, purposeKey.String(what),
			attemptsKey.Int(ended.attempts), causeKey.String(wire.Shortened(ended.cause.Error()))), trace.WithAttributes(o.address...), trace.WithAttributes(marks...))
	span.End()
}

// mark sets attributes of the span of the next reconnection of what.
func (o *outages) mark(what string, marks []attribute.KeyValue) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.marks[what] = marks
}

func (o *outages) blocked(ctx context.Context, what string) {
	o.blocks.Add(ctx, 1, metric.WithAttributes(purposeKey.String(what)))
}
