package otelamqp

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// DefaultConfirmTimeout is the time that a published message waits for its confirm unless [WithConfirmTimeout] is set.
const DefaultConfirmTimeout = 30 * time.Second

// DefaultFrameSize is the largest frame, in bytes, that amqp091-go and RabbitMQ negotiate by default (frame_max,
// https://www.rabbitmq.com/docs/configure).
const DefaultFrameSize = 131072

// Option configures a Publisher or a Consumer. An option for only one of them says so.
type Option interface{ apply(*config) }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// config holds the values of the options. It does not change after newConfig.
type config struct {
	tracerProvider trace.TracerProvider
	meterProvider  metric.MeterProvider
	propagator     propagation.TextMapPropagator
	mode           func(context.Context) TraceMode
	maxAge         time.Duration
	serverAddress  string
	serverPort     int
	peerAddress    string
	peerPort       int
	clientID       string
	template       func(exchange, routingKey, queue string) string
	spanName       func(operation, destination string) string
	filter         func(exchange, routingKey, queue string) bool
	settleSpans    bool
	sizes          bool
	sentAtHeader   string
	confirmTimeout time.Duration
	frameSize      int

	tracer       trace.Tracer
	instruments  instruments
	destinations *destinations
	fieldsOnce   sync.Once
	fieldsCached []string
}

func newConfig(opts []Option) (*config, error) {
	c := &config{
		tracerProvider: otel.GetTracerProvider(),
		meterProvider:  otel.GetMeterProvider(),
		propagator:     otel.GetTextMapPropagator(),
		mode:           func(context.Context) TraceMode { return Parent },
		sentAtHeader:   SentAtHeader,
		confirmTimeout: DefaultConfirmTimeout,
		frameSize:      DefaultFrameSize,
	}
	for _, o := range opts {
		o.apply(c)
	}
	c.tracer = c.tracerProvider.Tracer(ScopeName, trace.WithInstrumentationVersion(Version()), trace.WithSchemaURL(schemaURL))
	meter := c.meterProvider.Meter(ScopeName, metric.WithInstrumentationVersion(Version()), metric.WithSchemaURL(schemaURL))
	var err error
	if c.instruments, err = newInstruments(meter); err != nil {
		return nil, err
	}
	c.destinations = newDestinations(c)
	return c, nil
}

// fields returns the headers that the propagator writes. It reads them once, because reading allocates. It reads them
// at the first message, because a program may set the global propagator after newConfig.
func (c *config) fields() []string {
	c.fieldsOnce.Do(func() { c.fieldsCached = c.propagator.Fields() })
	return c.fieldsCached
}

// WithTracerProvider sets the tracer provider. The default is the global one. nil is ignored.
func WithTracerProvider(p trace.TracerProvider) Option {
	return optionFunc(func(c *config) {
		if p != nil {
			c.tracerProvider = p
		}
	})
}

// WithMeterProvider sets the meter provider. The default is the global one. nil is ignored.
func WithMeterProvider(p metric.MeterProvider) Option {
	return optionFunc(func(c *config) {
		if p != nil {
			c.meterProvider = p
		}
	})
}

// WithPropagators sets the propagator, which writes the context into headers and reads it from them. The default is
// the global one, which does nothing until the program sets it. nil is ignored.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return optionFunc(func(c *config) {
		if p != nil {
			c.propagator = p
		}
	})
}

// WithTraceMode sets the relation between process spans and send spans. Process calls mode for each message, with a
// context that holds the message's baggage, so the mode can change at run time. The default is always [Parent]. It has
// no effect on a Publisher.
func WithTraceMode(mode func(context.Context) TraceMode) Option {
	return optionFunc(func(c *config) {
		if mode != nil {
			c.mode = mode
		}
	})
}

// WithMaxAge makes messages older than age start a new trace with a link, as in the mode [Link]. Otherwise a message
// that waited for days would extend a trace that backends consider complete. The age is the queue wait. Without
// a send time it counts from the AMQP timestamp. Under an ambient span it has no effect, because the message is only
// linked there. The default, 0, means no maximum. It has no effect on a Publisher.
func WithMaxAge(age time.Duration) Option {
	return optionFunc(func(c *config) { c.maxAge = age })
}

// WithServerAddress sets server.address and server.port, the broker's name and port as in its URL. A port of 0 is
// omitted.
func WithServerAddress(host string, port int) Option {
	return optionFunc(func(c *config) { c.serverAddress, c.serverPort = host, port })
}

// WithPeerAddress sets network.peer.address and network.peer.port, the IP address and port of the connection. Process
// spans do not have them, because processing needs no network (semconv, messaging spans). A port of 0 is omitted.
func WithPeerAddress(address string, port int) Option {
	return optionFunc(func(c *config) { c.peerAddress, c.peerPort = address, port })
}

// WithClientID sets messaging.client.id, for example the connection name.
func WithClientID(id string) Option {
	return optionFunc(func(c *config) { c.clientID = id })
}

// WithDestinationTemplate sets a function that returns the low-cardinality form of a destination, such as
// "orders:order.{id}", or "" if it needs none. Span names and metrics then use that form
// (messaging.destination.template). Set it if routing keys contain identifiers. queue is empty for a publisher. The
// results are cached, so the function must depend on its arguments only.
func WithDestinationTemplate(template func(exchange, routingKey, queue string) string) Option {
	return optionFunc(func(c *config) { c.template = template })
}

// WithSpanName sets a function that returns a span name. Its arguments are the operation (send, receive, process, ack,
// nack, reject) and the low-cardinality destination. The default is "{operation} {destination}" (semconv, messaging
// spans, "Span name"). The results are cached, so the function must depend on its arguments only.
func WithSpanName(name func(operation, destination string) string) Option {
	return optionFunc(func(c *config) { c.spanName = name })
}

// WithFilter sets a function that returns whether messages of a destination get telemetry. Otherwise a message is
// published or consumed without span and metrics. Its headers still carry the context. queue is empty for a publisher.
func WithFilter(filter func(exchange, routingKey, queue string) bool) Option {
	return optionFunc(func(c *config) { c.filter = filter })
}

// WithSettleSpans records each ack, nack and reject as a CLIENT span and in messaging.client.operation.duration. It
// has no effect on a Publisher.
func WithSettleSpans() Option {
	return optionFunc(func(c *config) { c.settleSpans = true })
}

// WithMessageSizes sets messaging.message.body.size and messaging.message.envelope.size, in bytes, on spans of a
// single message (opt-in in the conventions). The envelope is the body plus the encoded properties and headers.
func WithMessageSizes() Option {
	return optionFunc(func(c *config) { c.sizes = true })
}

// WithSentAtHeader sets the name of the header with the send time. The default is [SentAtHeader]. An empty name
// disables the header, and the queue wait is then unknown.
func WithSentAtHeader(name string) Option {
	return optionFunc(func(c *config) { c.sentAtHeader = name })
}

// WithConfirmTimeout sets how long a published message waits for its confirm. The default is [DefaultConfirmTimeout].
// A value of 0 or less is ignored, because a span could then stay open for ever. It has no effect on a Consumer.
func WithConfirmTimeout(d time.Duration) Option {
	return optionFunc(func(c *config) {
		if d > 0 {
			c.confirmTimeout = d
		}
	})
}

// WithFrameSize sets the largest frame of the connection in bytes. Use amqp091.Connection.Config.FrameSize of the open
// connection. The default is [DefaultFrameSize]; 0 or less means no limit. It has no effect on a Consumer.
//
// Properties and headers must fit into one frame (AMQP 0-9-1, 4.2.6.1). Otherwise publishing fails with
// [ErrUnsendable]. The broker adds headers to messages that it redelivers or dead-letters (x-delivery-count, x-death).
// A consumer loses its connection if a message outgrows the frame that way, so a smaller size leaves room. RabbitMQ
// 4.3 refuses connections with frames of less than 8192 bytes.
func WithFrameSize(bytes int) Option {
	return optionFunc(func(c *config) { c.frameSize = bytes })
}
