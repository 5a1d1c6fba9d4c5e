package otelamqp

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Handler processes one delivery. ctx carries the process span and the baggage of the message.
type Handler func(ctx context.Context, d amqp091.Delivery) error

// Consumer records spans and metrics for deliveries. Several goroutines may use it at once.
type Consumer struct{ cfg *config }

// NewConsumer returns a Consumer. The error wraps the error of the meter if an instrument cannot be created.
func NewConsumer(opts ...Option) (*Consumer, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return &Consumer{cfg: cfg}, nil
}

// ProcessOption configures one call of Process or ProcessBatch.
type ProcessOption interface {
	applyProcess(processConfig) processConfig
}

type processOptionFunc func(processConfig) processConfig

func (f processOptionFunc) applyProcess(c processConfig) processConfig { return f(c) }

type processConfig struct {
	attrs                attributes
	fallback             propagation.TextMapCarrier
	exchange, routingKey string
}

// WithStartAttributes sets attributes on the process span at its start, so that samplers see them.
func WithStartAttributes(attrs ...attribute.KeyValue) ProcessOption {
	return processOptionFunc(func(c processConfig) processConfig {
		c.attrs = append(slices.Clip(c.attrs), attrs...)
		return c
	})
}

// WithFallbackCarrier sets a carrier that Process reads if the headers have no valid trace context, for example
// metadata in the message body. Some intermediaries drop headers.
func WithFallbackCarrier(carrier propagation.TextMapCarrier) ProcessOption {
	return processOptionFunc(func(c processConfig) processConfig {
		c.fallback = carrier
		return c
	})
}

// WithFirstDestination sets the exchange and routing key to which the message was first published. A retry queue
// changes both, and this option keeps the span name of the first attempt.
func WithFirstDestination(exchange, routingKey string) ProcessOption {
	return processOptionFunc(func(c processConfig) processConfig {
		c.exchange, c.routingKey = exchange, routingKey
		return c
	})
}

// Process runs h for one delivery from queue in a process span, and returns the error of h. The span ends when h
// returns. It has an error status if h returned an error. If h panics, the span ends with an error, and the panic
// continues. Process does not settle the delivery: h does, unless the consumer uses auto-ack.
//
// ctx supplies values for span processors and h. If ctx holds a span, that span is the parent of the process span. The
// queue wait ends with the call of Process.
func (c *Consumer) Process(ctx context.Context, queue string, d amqp091.Delivery, h Handler, opts ...ProcessOption) (err error) {
	po := processConfig{exchange: d.Exchange, routingKey: d.RoutingKey}
	for _, o := range opts {
		po = o.applyProcess(po)
	}
	now := time.Now()
	msgCtx, creation, ambient := c.extract(ctx, d.Headers, po.fallback)
	if c.cfg.filter != nil && !c.cfg.filter(po.exchange, po.routingKey, queue) {
		return h(msgCtx, d)
	}
	dest := c.cfg.destinations.get(opProcess, po.exchange, po.routingKey, queue)
	wait, waited := queueWait(d.Headers, c.cfg.sentAtHeader, now)
	mode := c.cfg.mode(msgCtx)
	if mode == Parent && ambient == nil && c.tooOld(&d, wait, waited, now) {
		mode = Link
	}

	start := spanStarts.Get().(*spanStart)
	start.attrs = c.attributes(start.attrs, dest, &d, &po, wait, waited)
	msgCtx, span := start.start(msgCtx, c.cfg.tracer, dest, mode, creation, ambient)
	c.dispatched(msgCtx, dest, &d, wait, waited)
	c.traceSettling(msgCtx, &d, queue, po.exchange, po.routingKey, creation)
	processing := processing{c, msgCtx, span, dest, now, true}
	defer func() { processing.end(err) }()
	err = h(msgCtx, d)
	processing.panicked = false
	return err
}

// processing is a running process span.
type processing struct {
	consumer *Consumer
	ctx      context.Context
	span     trace.Span
	dest     *destination
	start    time.Time
	panicked bool // until the handler returns
}

// end ends the span. It is deferred and does not recover: recovering a panic would lose its stack trace.
func (p *processing) end(err error) {
	errorType := ErrorType(err)
	if p.panicked {
		errorType, err = errorTypePanic, errPanic
	}
	elapsed := endSpan(p.span, p.start, err, errorType)
	if in := &p.consumer.cfg.instruments; in.process.Enabled(p.ctx) {
		in.process.Record(p.ctx, elapsed.Seconds(), p.dest.outcome(errorType).process...)
	}
}

var errPanic = errors.New("otelamqp: the handler panicked or ended its goroutine")

// attributes appends all attributes of a process span. All are set at its start, so that samplers see them.
func (c *Consumer) attributes(attrs attributes, dest *destination, d *amqp091.Delivery, po *processConfig, wait time.Duration, waited bool) attributes {
	attrs = append(attrs, dest.attrs...)
	attrs = append(attrs, AttemptKey.Int(Attempt(d)))
	if waited {
		attrs = append(attrs, QueueWaitKey.Int64(wait.Milliseconds()))
	}
	attrs = append(attrs, po.attrs...)
	return c.describe(attrs, d)
}

// describe appends the attributes of a single message.
func (c *Consumer) describe(attrs attributes, d *amqp091.Delivery) attributes {
	if d.DeliveryTag > 0 {
		attrs = append(attrs, semconv.MessagingRabbitMQMessageDeliveryTag(int(d.DeliveryTag))) //nolint:gosec // the conventions say int
	}
	attrs = messageAttributes(attrs, d.MessageId, d.CorrelationId)
	if c.cfg.sizes {
		if headers, err := headersSize(d.Headers); err == nil { // nil for each delivery of a real broker
			properties := deliveryProperties(d)
			attrs = append(attrs, sizeAttributes(properties.size()+headers, d.Body)...)
		}
	}
	return attrs
}

// dispatched counts the delivery once. It does not count a delivery that Get counted before.
func (c *Consumer) dispatched(ctx context.Context, dest *destination, d *amqp091.Delivery, wait time.Duration, waited bool) {
	in := &c.cfg.instruments
	if _, pulled := d.Acknowledger.(*pulled); !pulled && in.consumed.Enabled(ctx) {
		in.consumed.Add(ctx, 1, dest.outcome("").count...)
	}
	if waited && in.wait.Enabled(ctx) {
		in.wait.Record(ctx, wait.Seconds(), dest.outcome("").process...)
	}
}

// tooOld reports whether d is older than the maximum age.
func (c *Consumer) tooOld(d *amqp091.Delivery, wait time.Duration, waited bool, now time.Time) bool {
	if c.cfg.maxAge <= 0 {
		return false
	}
	if !waited && !d.Timestamp.IsZero() {
		wait = now.Sub(d.Timestamp)
	}
	return wait > c.cfg.maxAge
}
