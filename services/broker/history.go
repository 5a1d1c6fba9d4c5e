package broker

import (
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/topology"
	"traceria/telemetry/otelamqp"
)

// Headers of a message that was retried or is dead. RabbitMQ's own x-death cannot serve: RabbitMQ 4 ignores it when a
// client republishes the message, and it does not know the error.
const (
	headerRetries         = "traceria-retry"             // how many back-offs it had (int64)
	headerFirstExchange   = "traceria-first-exchange"    // where it was first sent
	headerFirstRoutingKey = "traceria-first-routing-key" // and with which key
	headerFirstSentAt     = "traceria-first-sent-at"     // and when (ns since 1970, int64)
	headerFirstSpan       = "traceria-first-span"        // and in which span: its traceparent, once a redrive has written its own
	headerDeadReason      = "traceria-dead-reason"
	headerDeadError       = "traceria-dead-error"
	headerDeadAt          = "traceria-dead-at" // RFC 3339
	headerDeadService     = "traceria-dead-service"
	headerDeadSpan        = "traceria-dead-span" // the traceparent of the attempt that failed
)

// history is what a message has been through.
type history struct {
	attempt, retries     int
	exchange, routingKey string
	sentAt               any // as the first sender wrote it, or nil
}

// historyOf reads the headers; whatever they hold, the delivery has some history.
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
		h.sentAt = d.Headers[headerFirstSentAt] // the other is that of the move
	}
	return h
}

// sent is when the message was first sent, or the zero time when nobody knows.
func (h history) sent() time.Time {
	if ns, ok := h.sentAt.(int64); ok {
		return time.Unix(0, ns)
	}
	return time.Time{}
}
