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

// DefaultConfirmTimeout is how long a publishing waits for its confirm unless WithConfirmTimeout says otherwise.
const DefaultConfirmTimeout = 30 * time.Second

// DefaultFrameSize is the largest frame, in bytes, that amqp091-go and RabbitMQ agree on unless one of them is configured.
const DefaultFrameSize = 131072

// Option configures a Publisher or a Consumer. Each option says which of them it concerns when it is not both.
type Option interface{ apply(*config) }

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// config is what the options set. It does not change after newConfig.
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

// fields returns the headers that the propagator owns. They are read once, at the first message: by then a program has
// set its global propagator, and reading them allocates.
func (c *config) fields() []string {
	c.fieldsOnce.Do(func() { c.fieldsCached = c.propagator.Fields() })
	return c.fieldsCached
}

// WithTracerProvider sets the provider of the tracer. The default is the global one.
func WithTracerProvider(p trace.TracerProvider) Option {
	return optionFunc(func(c *config) {
		if p != nil {
			c.tracerProvider = p
		}
	})
}

// WithMeterProvider sets the provider of the meter. The default is the global one.
func WithMeterProvider(p metric.MeterProvider) Option {
	return optionFunc(func(c *config) {
		if p != nil {
			c.meterProvider = p
		}
	})
}

// WithPropagators sets what writes the context into headers and reads it from them. The default is the global one,
// which carries nothing until the program sets it.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return optionFunc(func(c *config) {
		if p != nil {
			c.propagator = p
		}
	})
}

// WithTraceMode sets how process spans relate to send spans. The function is asked for each message, with the context
// that holds the message's baggage, so that the mode can change while the program runs. The default is always [Parent].
// It concerns consumers.
func WithTraceMode(mode func(context.Context) TraceMode) Option {
	return optionFunc(func(c *config) {
		if mode != nil {
			c.mode = mode
		}
	})
}

// WithMaxAge makes messages older than age start a new trace that is only linked, as in the mode [Link]: a message that
// waited for days would otherwise extend a trace that every backend has closed. The age is the queue wait or, without
// a send time in the headers, counts from the AMQP timestamp. Under an ambient span nothing changes: the message is only
// linked there anyway. 0, the default, means no maximum. It concerns consumers.
func WithMaxAge(age time.Duration) Option {
	return optionFunc(func(c *config) { c.maxAge = age })
}

// WithServerAddress sets server.address and server.port: the name of the broker and its port, as in its URL. A port of
// 0 is left out.
func WithServerAddress(host string, port int) Option {
	return optionFunc(func(c *config) { c.serverAddress, c.serverPort = host, port })
}

// WithPeerAddress sets network.peer.address and network.peer.port: the IP address that the connection leads to. Process
// spans do not have them, because processing needs no network. A port of 0 is left out.
func WithPeerAddress(address string, port int) Option {
	return optionFunc(func(c *config) { c.peerAddress, c.peerPort = address, port })
}

// WithClientID sets messaging.client.id, for instance the connection name.
func WithClientID(id string) Option {
	return optionFunc(func(c *config) { c.clientID = id })
}

// WithDestinationTemplate sets a function that returns a destination's form of low cardinality, such as
// "orders:order.{id}", or "" for a destination that needs none. Names of spans and attributes of metrics then use it;
// give one when routing keys hold identifiers. queue is empty for a publisher. The result is kept: it must depend on the
// arguments only.
func WithDestinationTemplate(template func(exchange, routingKey, queue string) string) Option {
	return optionFunc(func(c *config) { c.template = template })
}

// WithSpanName sets a function that names spans from the operation (send, receive, process, ack, nack, reject) and the
// destination of low cardinality. The default follows the conventions: "{operation} {destination}". The result is kept:
// it must depend on the arguments only.
func WithSpanName(name func(operation, destination string) string) Option {
	return optionFunc(func(c *config) { c.spanName = name })
}

// WithFilter sets a function that says which messages get telemetry. A message that it refuses is published and
// consumed without span and metrics; the context in its headers still flows. queue is empty for a publisher.
func WithFilter(filter func(exchange, routingKey, queue string) bool) Option {
	return optionFunc(func(c *config) { c.filter = filter })
}

// WithSettleSpans makes every ack, nack and reject of a delivery a CLIENT span with its metric. It concerns consumers.
func WithSettleSpans() Option {
	return optionFunc(func(c *config) { c.settleSpans = true })
}

// WithMessageSizes sets messaging.message.body.size and messaging.message.envelope.size, which the conventions leave to
// be asked for, on spans of a single message. The envelope is the body plus the properties and headers as AMQP encodes
// them.
func WithMessageSizes() Option {
	return optionFunc(func(c *config) { c.sizes = true })
}

// WithSentAtHeader sets the name of the header with the send time, [SentAtHeader] by default. The empty name switches
// it off: queue waits are then unknown.
func WithSentAtHeader(name string) Option {
	return optionFunc(func(c *config) { c.sentAtHeader = name })
}

// WithConfirmTimeout sets how long a publishing waits for its confirm, [DefaultConfirmTimeout] by default. It concerns
// publishers. A value of 0 or less is ignored: without a limit a span could stay open for ever.
func WithConfirmTimeout(d time.Duration) Option {
	return optionFunc(func(c *config) {
		if d > 0 {
			c.confirmTimeout = d
		}
	})
}

// WithFrameSize sets the largest frame that the connection can send, in bytes: amqp091.Connection.Config.FrameSize once it
// is open, [DefaultFrameSize] by default. The properties and headers of a message must go into one frame; a message whose
// do not is refused with [ErrUnsendable]. The broker adds headers of its own to what it delivers again or dead-letters
// (x-delivery-count, x-death), and a consumer loses its connection over a message that has grown beyond a frame: give a
// smaller size to leave room for them. 0 or less means no limit. It concerns publishers. RabbitMQ 4.3 refuses a
// connection with frames of less than 8192 bytes.
func WithFrameSize(bytes int) Option {
	return optionFunc(func(c *config) { c.frameSize = bytes })
}
