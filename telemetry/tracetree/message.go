package tracetree

import (
	"cmp"
	"time"
)

// State says where a message is in one queue.
type State string

// The states of a message. A span arrives when its work has ended, so work in progress is not visible: a queued message may
// already be in the hands of its consumer.
const (
	Unsent   State = "unsent"   // the last publish failed; the sender keeps the message
	Queued   State = "queued"   // no attempt has ended
	Retrying State = "retrying" // the last attempt failed; the message comes again after a back-off
	Requeued State = "requeued" // the last attempt ended without an ack; the message comes again at once
	Paused   State = "paused"   // the consumer holds the message and tries again in place
	Dead     State = "dead"     // a dead letter
	Lost     State = "lost"     // acked although the work failed: it does not come again
	Failed   State = "failed"   // the last attempt failed, and no span says whether the message comes again
	Done     State = "done"     // an attempt succeeded
)

// Message is a message in one queue, as its spans tell.
type Message struct {
	// ID is messaging.message.id, or trace id and span id of the send span when the message has none.
	ID string `json:"messageId"`
	// Exchange, RoutingKey and Topic are those of the first send. Topic is the destination in other systems than RabbitMQ.
	Exchange   string `json:"exchange"`
	RoutingKey string `json:"routingKey"`
	Topic      string `json:"topic,omitempty"`
	// Queue is "" when the message could not be published to any, or when no span and no routing says to which it went.
	Queue string `json:"queue"`
	// Producer and Consumer are services. Consumer is "" before the first attempt.
	Producer string `json:"producer,omitempty"`
	Consumer string `json:"consumer,omitempty"`
	// Sent is the latest send span, or the latest that failed if each failed. It is nil when no send span is known.
	Sent  *Link `json:"sent,omitempty"`
	State State `json:"state"`
	// Since is when the message came into its state.
	Since time.Time `json:"since"`
	// Error is why the last publish failed, when State is unsent.
	Error    string    `json:"error,omitempty"`
	Attempts []Attempt `json:"attempts,omitempty"`
}

// Attempt is one ended process span of a message.
type Attempt struct {
	// Number counts from 1. It is traceria.delivery.attempt, or the place among the process spans of the message in the queue.
	Number int       `json:"number"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	// Settled is ack, retry, requeue, pause, dead, or "" when the consumer died before or no span says.
	Settled string `json:"settled,omitempty"`
	// Error is why the attempt failed, or "".
	Error   string  `json:"error,omitempty"`
	TraceID TraceID `json:"traceId"`
	SpanID  SpanID  `json:"spanId"`
}

// Last is the latest attempt, and false before the first has ended.
func (m Message) Last() (Attempt, bool) {
	if len(m.Attempts) == 0 {
		return Attempt{}, false
	}
	return m.Attempts[len(m.Attempts)-1], true
}

// Subject is the best short name for the kind of message: the routing key, or the topic, or the queue.
func (m Message) Subject() string { return cmp.Or(m.RoutingKey, m.Topic, m.Queue, m.Exchange) }

// UnderWay reports whether something will still happen to the message without help.
func (m Message) UnderWay() bool {
	return m.State != Done && m.State != Dead && m.State != Lost && m.State != Failed
}

// Routing is what spans do not say about a broker. The zero value is allowed: a message then becomes known in a queue with
// its first ended attempt.
type Routing struct {
	// Routes returns the queues that a message goes to when it is published like this.
	Routes func(exchange, routingKey string) []Route
	// Knows reports whether Routes knows every queue of an exchange. Nil means that it knows those of all exchanges if Routes is
	// set, and none otherwise. A message in an exchange that it does not know goes to the queues of its process spans; if there is
	// none, it is queued, in a queue that no span names.
	Knows func(exchange string) bool
	// Same returns an equal text for message ids that a consumer takes for the same message.
	Same func(messageID string) string
}

// Route is a queue that a message is routed to.
type Route struct {
	Queue string
	// Dead marks the way to the dead letters of Queue.
	Dead bool
}
