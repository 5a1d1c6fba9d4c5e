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
	// sayAgain is how often a broker that stays away is mentioned after the first time.
	sayAgain   = time.Minute
	purposeKey = attribute.Key("traceria.broker.purpose")
	// attemptsKey counts how often it was tried until it worked.
	attemptsKey = attribute.Key("traceria.broker.attempts")
	causeKey    = attribute.Key("traceria.broker.cause")
)

// outages makes what is lost and found again visible: a log line at both ends, a span that lasts from the one to the
// other, and metrics. What is lost is the connection, or the consumer of one queue.
type outages struct {
	log     zerolog.Logger
	tracer  trace.Tracer
	count   metric.Int64Counter
	blocks  metric.Int64Counter
	address []attribute.KeyValue

	mu    sync.Mutex
	open  map[string]*outage
	said  map[string]time.Time
	stood map[string]bool // what was there at least once: a wait at the start is no outage
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
	// The SDK returns an instrument that works, or that does nothing, also with an error; it reports the error itself.
	count, _ := meter.Int64Counter("traceria.broker.reconnects", metric.WithUnit("{reconnect}"),
		metric.WithDescription("How often a connection to RabbitMQ, or the consumer of a queue, came back after it was lost"))
	blocks, _ := meter.Int64Counter("traceria.broker.blocks", metric.WithUnit("{block}"),
		metric.WithDescription("How often RabbitMQ stopped taking messages, for lack of memory or disk"))
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

const scope = "traceria/services/broker"

// lost begins the outage of what, or notes that one more attempt to end it failed. It is said once, and then rarely,
// also when it comes and breaks again and again.
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

// found says that what is there, and ends its outage if there is one.
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

// mark sets attributes for the span of the next reconnection of what.
func (o *outages) mark(what string, marks []attribute.KeyValue) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.marks[what] = marks
}

func (o *outages) blocked(ctx context.Context, what string) {
	o.blocks.Add(ctx, 1, metric.WithAttributes(purposeKey.String(what)))
}
