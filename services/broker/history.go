package broker

import (
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/topology"
	"traceria/telemetry/otelamqp"
)

// Headers of a retried message and of a dead letter. The header x-death of RabbitMQ has no error text, and RabbitMQ 4 ignores
// it when a client republishes the message.
const (
	headerRetries         = "traceria-retry"             // number of back-offs so far (int64)
	headerFirstExchange   = "traceria-first-exchange"    // exchange of the first send
	headerFirstRoutingKey = "traceria-first-routing-key" // routing key of the first send
	headerFirstSentAt     = "traceria-first-sent-at"     // time of the first send (ns since 1970, int64)
	headerFirstSpan       = "traceria-first-span"        // traceparent of the first send, set by a redrive
	headerDeadReason      = "traceria-dead-reason"
	headerDeadError       = "traceria-dead-error"
	headerDeadAt          = "traceria-dead-at" // RFC 3339
	headerDeadService     = "traceria-dead-service"
	headerDeadSpan        = "traceria-dead-span" // the traceparent of the attempt that failed
)

// history is what has happened to a message so far.
type history struct {
	attempt, retries     int
	exchange, routingKey string
	sentAt               any // the header of the first sender, or nil
}

// historyOf reads the history from the headers. A header that is missing or malformed has its default.
func historyOf(d amqp091.Delivery) history {
	h := history{attempt: otelamqp.Attempt(&d), exchange: d.Exchange, routingKey: d.RoutingKey, sentAt: d.Headers[otelamqp.SentAtHeader]}
	if retries, ok := d.Headers[headerRetries].(int64); ok && retries > 0 && retries <= topology.MaxRetries {
		h.retries = int(retries)
	}
	exchange, moved := d.Headers[headerFirstExchange].(string)
	if routingKey, ok := d.Headers[headerFirstRoutingKey].(string); ok && moved {
		h.exchange, h.routingKey = exchange, routingKey
	}
	if moved {
		h.sentAt = d.Headers[headerFirstSentAt] // the other header has the time of the move
	}
	return h
}

// sent is the time of the first send, or the zero time when that is unknown.
func (h history) sent() time.Time {
	if ns, ok := h.sentAt.(int64); ok {
		return time.Unix(0, ns)
	}
	return time.Time{}
}
