package otelamqp

import (
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// operation is something done with a message, as the conventions name and type it.
type operation struct {
	name string
	typ  attribute.KeyValue
	kind trace.SpanKind
	peer bool // whether it needs the network, and so has network.peer.*
}

var (
	opSend = &operation{"send", semconv.MessagingOperationTypeSend, trace.SpanKindProducer, true}
	// opForward sends a message whose creation context is not that of the send span, which the conventions make CLIENT.
	opForward = &operation{"send", semconv.MessagingOperationTypeSend, trace.SpanKindClient, true}
	opReceive = &operation{"receive", semconv.MessagingOperationTypeReceive, trace.SpanKindClient, true}
	opProcess = &operation{"process", semconv.MessagingOperationTypeProcess, trace.SpanKindConsumer, false}
	opAck     = &operation{"ack", semconv.MessagingOperationTypeSettle, trace.SpanKindClient, true}
	opNack    = &operation{"nack", semconv.MessagingOperationTypeSettle, trace.SpanKindClient, true}
	opReject  = &operation{"reject", semconv.MessagingOperationTypeSettle, trace.SpanKindClient, true}
)

// producer reports whether the operation is on the producer's side, where no queue belongs to the destination.
func (o *operation) producer() bool { return o == opSend || o == opForward }

// destinationKey identifies a destination of an operation.
type destinationKey struct {
	op                          *operation
	exchange, routingKey, queue string
}

// destination is everything about an operation's telemetry that does not differ from message to message. It is built
// once for each destination: this is what makes a span cheap and a metric free of allocations.
type destination struct {
	op       *operation
	spanName string
	attrs    []attribute.KeyValue    // the attributes at span start; never appended to in place
	start    []trace.SpanStartOption // the kind and attrs
	kind     trace.SpanStartOption
	metric   []attribute.KeyValue // the attributes of every metric, without error.type

	mu       sync.RWMutex
	outcomes map[string]*outcome // by error.type
}

// outcome holds the measurement options for one error.type, "" for success.
type outcome struct {
	operation []metric.RecordOption // client.operation.duration has the operation type as well
	process   []metric.RecordOption
	count     []metric.AddOption
}

// maxDestinations bounds what is kept: routing keys may hold identifiers. Beyond it a destination is built per message.
const maxDestinations = 1024

// destinations keeps the destinations of a Publisher or Consumer.
type destinations struct {
	cfg *config
	mu  sync.RWMutex
	all map[destinationKey]*destination
}

func newDestinations(c *config) *destinations {
	return &destinations{cfg: c, all: map[destinationKey]*destination{}}
}

func (d *destinations) get(op *operation, exchange, routingKey, queue string) *destination {
	key := destinationKey{op, exchange, routingKey, queue}
	d.mu.RLock()
	found := d.all[key]
	d.mu.RUnlock()
	if found != nil {
		return found
	}
	built := d.cfg.newDestination(key)
	d.mu.Lock()
	defer d.mu.Unlock()
	if found := d.all[key]; found != nil {
		return found
	}
	if len(d.all) < maxDestinations && len(exchange) <= maxShort && len(routingKey) <= maxShort { // longer ones are never sent
		// Delivered strings may share memory with a whole frame: keep copies.
		key.exchange, key.routingKey, key.queue = strings.Clone(exchange), strings.Clone(routingKey), strings.Clone(queue)
		d.all[key] = built
	}
	return built
}

func (c *config) newDestination(k destinationKey) *destination {
	name := destinationName(k)
	low, anonymous, temporary := lowCardinality(k)
	d := &destination{op: k.op, outcomes: map[string]*outcome{}, kind: trace.WithSpanKind(k.op.kind)}
	add := func(kv attribute.KeyValue) { d.attrs = append(d.attrs, kv) }

	add(semconv.MessagingSystemRabbitMQ)
	add(semconv.MessagingOperationName(k.op.name))
	add(k.op.typ)
	add(semconv.MessagingDestinationName(name))
	metricName := semconv.MessagingDestinationName(name)
	if anonymous {
		add(semconv.MessagingDestinationAnonymous(true))
		metricName = attribute.KeyValue{}
	}
	if temporary {
		add(semconv.MessagingDestinationTemporary(true))
	}
	if c.template != nil {
		if t := c.template(k.exchange, k.routingKey, k.queue); t != "" {
			low = t
			metricName = semconv.MessagingDestinationTemplate(t)
			add(metricName)
		}
	}
	if k.routingKey != "" {
		add(semconv.MessagingRabbitMQDestinationRoutingKey(k.routingKey))
	}
	server := c.serverAttributes()
	d.attrs = append(d.attrs, server...)
	if k.op.peer {
		d.attrs = append(d.attrs, c.peerAttributes()...)
	}
	if c.clientID != "" {
		add(semconv.MessagingClientID(c.clientID))
	}
	d.attrs = slices.Clip(d.attrs)
	d.spanName = c.nameSpan(k.op.name, low)
	d.start = []trace.SpanStartOption{d.kind, trace.WithAttributes(d.attrs...)}

	d.metric = append(d.metric, semconv.MessagingSystemRabbitMQ, semconv.MessagingOperationName(k.op.name))
	if metricName.Valid() {
		d.metric = append(d.metric, metricName)
	}
	d.metric = append(d.metric, server...)
	d.outcome("") // the common one
	return d
}

func (c *config) nameSpan(operation, destination string) string {
	switch {
	case c.spanName != nil:
		return c.spanName(operation, destination)
	case destination == "":
		return operation
	default:
		return operation + " " + destination
	}
}

func (c *config) serverAttributes() []attribute.KeyValue {
	var attrs []attribute.KeyValue
	if c.serverAddress != "" {
		attrs = append(attrs, semconv.ServerAddress(c.serverAddress))
		if c.serverPort > 0 {
			attrs = append(attrs, semconv.ServerPort(c.serverPort))
		}
	}
	return attrs
}

func (c *config) peerAttributes() []attribute.KeyValue {
	var attrs []attribute.KeyValue
	if c.peerAddress != "" {
		attrs = append(attrs, semconv.NetworkPeerAddress(c.peerAddress))
		if c.peerPort > 0 {
			attrs = append(attrs, semconv.NetworkPeerPort(c.peerPort))
		}
	}
	return attrs
}

// maxOutcomes bounds the error types kept for a destination, because handlers may name their own.
const maxOutcomes = 64

// outcome returns the measurement options for an error type.
func (d *destination) outcome(errorType string) *outcome {
	d.mu.RLock()
	found := d.outcomes[errorType]
	d.mu.RUnlock()
	if found != nil {
		return found
	}
	attrs := slices.Clip(d.metric)
	if errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(errorType))
	}
	set := metric.WithAttributeSet(attribute.NewSet(append([]attribute.KeyValue(nil), attrs...)...))
	typed := metric.WithAttributeSet(attribute.NewSet(append([]attribute.KeyValue{d.op.typ}, attrs...)...))
	built := &outcome{
		operation: []metric.RecordOption{typed},
		process:   []metric.RecordOption{set},
		count:     []metric.AddOption{set},
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.outcomes) < maxOutcomes {
		d.outcomes[errorType] = built
	}
	return built
}
