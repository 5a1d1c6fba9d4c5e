package broker

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// Letter is a dead letter.
type Letter struct {
	MessageID      string     `json:"messageId"`
	Event          string     `json:"event"`
	Version        string     `json:"version"`
	ConversationID string     `json:"conversationId"`
	Reason         string     `json:"reason"`
	Error          string     `json:"error"`
	Attempts       int        `json:"attempts"`
	Service        string     `json:"service"`
	Exchange       string     `json:"exchange"`
	RoutingKey     string     `json:"routingKey"`
	FirstSentAt    *time.Time `json:"firstSentAt"`
	DiedAt         *time.Time `json:"diedAt"`
	// FailedSpan is the traceparent of the failed attempt, and TraceID its trace.
	FailedSpan string `json:"failedSpan"`
	TraceID    string `json:"traceId"`
	// HeadersCut names the headers that were removed because they did not fit into a frame, separated by commas.
	HeadersCut string `json:"headersCut,omitempty"`
	// Body is the unchanged body of the message.
	Body []byte `json:"-"`
}

// letterOf reads a message of a dead queue. A message that RabbitMQ dead-lettered itself has no headers of ours: its x-death
// has the reason.
func letterOf(d amqp091.Delivery) Letter {
	h := historyOf(d)
	e := eventIn(d)
	letter := Letter{
		MessageID: d.MessageId, Event: d.Type, Version: e.Metadata.Version, ConversationID: conversation(d, e),
		Reason: wire.Text(d.Headers[headerDeadReason]), Error: wire.Text(d.Headers[headerDeadError]), Service: wire.Text(d.Headers[headerDeadService]),
		Exchange: h.exchange, RoutingKey: h.routingKey, FailedSpan: wire.Text(d.Headers[headerDeadSpan]), HeadersCut: wire.Text(d.Headers[wire.HeaderCut]), Body: d.Body,
	}
	letter.Attempts = attemptsOf(d)
	if letter.Event == "" {
		letter.Event = e.Metadata.EventType
	}
	if letter.Reason == "" {
		letter.Reason, letter.Exchange, letter.RoutingKey = brokersReason(d, letter)
	}
	if ns, ok := h.sentAt.(int64); ok {
		at := time.Unix(0, ns).UTC()
		letter.FirstSentAt = &at
	}
	if at, err := time.Parse(time.RFC3339Nano, wire.Text(d.Headers[headerDeadAt])); err == nil {
		letter.DiedAt = &at
	}
	if span := failedIn(d); span.IsValid() {
		letter.TraceID = span.TraceID().String()
	} else if span := creationOf(d, e); span.IsValid() {
		letter.TraceID = span.TraceID().String()
	}
	return letter
}

// eventIn returns the event of a dead letter as far as it can be read. The body may say more than its content type allows.
func eventIn(d amqp091.Delivery) event.Envelope {
	e, err := event.DecodeMessage(d.ContentType, d.Headers, d.Body)
	if err != nil {
		e, _ = event.Decode(d.Body)
	}
	return e
}

// Indented returns the body with JSON indented. Members and numbers stay as they are written, and so does a body of another
// format.
func (l Letter) Indented() string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, l.Body, "", "  ") != nil {
		return string(l.Body)
	}
	return pretty.String()
}

// attemptsOf is how many attempts a dead letter had. RabbitMQ's own counts include the looks at it, and differ between
// versions.
func attemptsOf(d amqp091.Delivery) int {
	own := amqp091.Table{otelamqp.AttemptHeader: d.Headers[otelamqp.AttemptHeader]}
	return otelamqp.Attempt(&amqp091.Delivery{Headers: own})
}

func brokersReason(d amqp091.Delivery, l Letter) (reason, exchange, routingKey string) {
	deaths, _ := d.Headers["x-death"].([]any)
	if len(deaths) == 0 {
		return "unknown", l.Exchange, l.RoutingKey
	}
	last, _ := deaths[0].(amqp091.Table)
	exchange = wire.Text(last["exchange"])
	if keys, _ := last["routing-keys"].([]any); len(keys) > 0 {
		routingKey = wire.Text(keys[0])
	}
	return strings.ReplaceAll(wire.Text(last["reason"]), "_", "-"), exchange, routingKey
}

// creationOf is the context of the first send, from the headers or from the metadata.
func creationOf(d amqp091.Delivery, e event.Envelope) trace.SpanContext {
	if span := spanIn(propagation.MapCarrier{
		"traceparent": wire.Text(d.Headers[headerFirstSpan]), "tracestate": wire.Text(d.Headers["tracestate"]),
	}); span.IsValid() {
		return span
	}
	if span := spanIn(propagation.MapCarrier{
		"traceparent": wire.Text(d.Headers["traceparent"]), "tracestate": wire.Text(d.Headers["tracestate"]),
	}); span.IsValid() {
		return span
	}
	return spanIn(&e.Metadata)
}

// failedIn is the context of the failed attempt.
func failedIn(d amqp091.Delivery) trace.SpanContext {
	return spanIn(propagation.MapCarrier{"traceparent": wire.Text(d.Headers[headerDeadSpan])})
}

func spanIn(carrier propagation.TextMapCarrier) trace.SpanContext {
	return trace.SpanContextFromContext(telemetry.W3C.Extract(context.Background(), carrier))
}
