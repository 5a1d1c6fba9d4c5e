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

// operation is an operation on a message with its name, type and span kind in the conventions.
type operation struct {
	name string
	typ  attribute.KeyValue
	kind trace.SpanKind
	peer bool // true for an operation that uses the network: it has network.peer.*
}

var (
	opSend = &operation{"send", semconv.MessagingOperationTypeSend, trace.SpanKindProducer, true}
	// opForward sends a message whose creation context is not the send span. The conventions require the kind CLIENT
	// for it.
	opForward = &operation{"send", semconv.MessagingOperationTypeSend, trace.SpanKindClient, true}
	opReceive = &operation{"receive", semconv.MessagingOperationTypeReceive, trace.SpanKindClient, true}
	opProcess = &operation{"process", semconv.MessagingOperationTypeProcess, trace.SpanKindConsumer, false}
	opAck     = &operation{"ack", semconv.MessagingOperationTypeSettle, trace.SpanKindClient, true}
	opNack    = &operation{"nack", semconv.MessagingOperationTypeSettle, trace.SpanKindClient, true}
	opReject  = &operation{"reject", semconv.MessagingOperationTypeSettle, trace.SpanKindClient, true}
)

// producer reports whether the operation belongs to the producer, whose destination has no queue.
func (o *operation) producer() bool { return o == opSend || o == opForward }

// destinationKey identifies a destination of an operation.
type destinationKey struct {
	op                          *operation
	exchange, routingKey, queue string
}

// destination holds the telemetry that all messages of one destination share. It is built once for each destination,
// so that spans are cheap and metrics do not allocate.
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
	operation []metric.RecordOption // client.operation.duration, with the operation type
	process   []metric.RecordOption
	count     []metric.AddOption
}

// maxDestinations bounds the cache, because routing keys may contain identifiers. Further destinations are built for
// each message.
const maxDestinations = 1024

// destinations is the cache of a Publisher or Consumer.
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
	if len(d.all) < maxDestinations && len(exchange) <= maxShort && len(routingKey) <= maxShort { // longer names are never sent
		// A delivered string may share memory with a whole frame, so the cache keeps copies.
		key.exchange, key.routingKey, key.queue = strings.Clone(exchange), strings.Clone(routingKey), strings.Clone(queue)
		d.all[key] = built
	}
	return built
}

func (c *config) newDestination(k destinationKey) *destination {
	k.exchange, k.routingKey, k.queue = validText(k.exchange), validText(k.routingKey), validText(k.queue)
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
		if t := validText(c.template(k.exchange, k.routingKey, k.queue)); t != "" {
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
		add(semconv.MessagingClientID(validText(c.clientID)))
	}
	d.attrs = slices.Clip(d.attrs)
	d.spanName = c.nameSpan(k.op.name, low)
	d.start = []trace.SpanStartOption{d.kind, trace.WithAttributes(d.attrs...)}

	d.metric = append(d.metric, semconv.MessagingSystemRabbitMQ, semconv.MessagingOperationName(k.op.name))
	if metricName.Valid() {
		d.metric = append(d.metric, metricName)
		// Of an anonymous queue the name is an identifier, and a template says what to write instead of names.
		if k.queue != "" && c.template == nil {
			d.metric = append(d.metric, semconv.MessagingDestinationSubscriptionName(k.queue))
		}
	}
	d.metric = append(d.metric, server...)
	d.outcome("") // success, the most frequent outcome
	return d
}

func (c *config) nameSpan(operation, destination string) string {
	switch {
	case c.spanName != nil:
		return validText(c.spanName(operation, destination))
	case destination == "":
		return operation
	default:
		return operation + " " + destination
	}
}

func (c *config) serverAttributes() []attribute.KeyValue {
	var attrs []attribute.KeyValue
	if c.serverAddress != "" {
		attrs = append(attrs, semconv.ServerAddress(validText(c.serverAddress)))
		if c.serverPort > 0 {
			attrs = append(attrs, semconv.ServerPort(c.serverPort))
		}
	}
	return attrs
}

func (c *config) peerAttributes() []attribute.KeyValue {
	var attrs []attribute.KeyValue
	if c.peerAddress != "" {
		attrs = append(attrs, semconv.NetworkPeerAddress(validText(c.peerAddress)))
		if c.peerPort > 0 {
			attrs = append(attrs, semconv.NetworkPeerPort(c.peerPort))
		}
	}
	return attrs
}

// maxOutcomes bounds the error types that are kept for a destination, because handlers may define their own.
const maxOutcomes = 64

// outcome returns the measurement options for an error type, "" for success.
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
