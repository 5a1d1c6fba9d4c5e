package conformance

import (
	"slices"
	"strings"

	"traceria/telemetry/tracetree"
)

// Sent is one message as its publisher sent it. An empty field is not checked.
type Sent struct {
	// TraceID and SpanID are those of the send span.
	TraceID tracetree.TraceID `json:"traceId"`
	SpanID  tracetree.SpanID  `json:"spanId"`
	// TraceState is the header tracestate (W3C Trace Context).
	TraceState string `json:"traceState,omitempty"`
	// Baggage has the members of the header baggage (W3C Baggage).
	Baggage map[string]string `json:"baggage,omitempty"`
	// Conversation is the correlation id of AMQP.
	Conversation string `json:"conversationId,omitempty"`
	Exchange     string `json:"exchange"`
	RoutingKey   string `json:"routingKey"`
	// Queue is the queue from which the consumer takes the message.
	Queue     string `json:"queue"`
	MessageID string `json:"messageId,omitempty"`
	// Consumer is the service.name of the consumer. Without it the spans of every service count, so pass those of one only.
	Consumer string `json:"consumer,omitempty"`
}

// Message is a message that the consumer published because of a [Sent] message, as it was received from the broker.
type Message struct {
	RoutingKey string `json:"routingKey"`
	MessageID  string `json:"messageId,omitempty"`
	// Conversation is the correlation id of AMQP.
	Conversation string `json:"conversationId,omitempty"`
	// TraceParent, TraceState and Baggage are the headers of W3C.
	TraceParent string `json:"traceParent,omitempty"`
	TraceState  string `json:"traceState,omitempty"`
	Baggage     string `json:"baggage,omitempty"`
}

func (s Sent) destination() string { return destination(s.Exchange, s.RoutingKey, s.Queue) }

// destination is messaging.destination.name of a consumer: exchange, routing key and queue without the empty ones. A queue that
// equals the routing key is written once.
func destination(exchange, routingKey, queue string) string {
	if queue == routingKey {
		queue = ""
	}
	parts := slices.DeleteFunc([]string{exchange, routingKey, queue}, func(part string) bool { return part == "" })
	if len(parts) == 0 {
		return "amq.default"
	}
	return strings.Join(parts, ":")
}
