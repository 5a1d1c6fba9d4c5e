package broker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
	"traceria/telemetry"
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

// Why a message is dead.
const (
	ReasonUnreadable = "unreadable"
	ReasonPermanent  = "permanent"
	ReasonUsedUp     = "attempts-used-up"
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
	if retries, ok := d.Headers[headerRetries].(int64); ok && retries > 0 && retries <= maxRetries {
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

// retryMessage is the delivery on its way to the next attempt. It keeps the context of its first send, of which every
// attempt is a child.
func (s Subscription) retryMessage(d amqp091.Delivery, h history) otelamqp.Message {
	next := republished(d, h)
	next.Headers[headerRetries] = int64(h.retries + 1)
	return otelamqp.Message{
		Exchange: s.RetryExchange(), RoutingKey: s.RetryQueue(s.delays()[h.retries]),
		Publishing: next, KeepContext: true,
	}
}

// deadMessage is the delivery as a dead letter, with all that somebody needs who has to decide about it. Its context
// stays that of its first send; ctx is that of the attempt that failed.
func (s Subscription) deadMessage(ctx context.Context, d amqp091.Delivery, h history, service string, err error) otelamqp.Message {
	letter := republished(d, h)
	maps.Copy(letter.Headers, amqp091.Table{
		otelamqp.AttemptHeader: int64(h.attempt), // it had no other
		headerRetries:          int64(h.retries),
		headerDeadReason:       reasonOf(err, h, len(s.delays())),
		headerDeadError:        shortened(err.Error()),
		headerDeadAt:           time.Now().UTC().Format(time.RFC3339Nano),
		headerDeadService:      service,
		headerDeadSpan:         telemetry.Carry(ctx)["traceparent"],
	})
	return otelamqp.Message{
		Exchange: s.DeadExchange(), RoutingKey: s.Queue(), Publishing: letter, KeepContext: true,
	}
}

func reasonOf(err error, h history, most int) string {
	var condemned deadError
	switch {
	case errors.As(err, &condemned):
		return ReasonPermanent
	case errors.Is(err, event.ErrUnreadable):
		return ReasonUnreadable
	case h.retries >= most:
		return ReasonUsedUp
	default:
		return ReasonPermanent
	}
}

// republished is a delivery as it may be published again. Left out is what RabbitMQ would act on: an expiration would
// end a wait early, a user id must be the publisher's own, CC and BCC would send copies to other queues; and what it
// counts itself.
func republished(d amqp091.Delivery, h history) amqp091.Publishing {
	headers := amqp091.Table{}
	for name, value := range d.Headers {
		if name != "CC" && name != "BCC" && !strings.HasPrefix(name, "x-") && !strings.HasPrefix(name, "traceria-dead-") {
			headers[name] = value
		}
	}
	headers[otelamqp.AttemptHeader] = int64(h.attempt + 1)
	headers[headerFirstExchange], headers[headerFirstRoutingKey] = h.exchange, h.routingKey
	if h.sentAt != nil {
		headers[headerFirstSentAt] = h.sentAt
	}
	return amqp091.Publishing{
		Headers: headers, ContentType: d.ContentType, ContentEncoding: d.ContentEncoding, DeliveryMode: amqp091.Persistent,
		Priority: d.Priority, CorrelationId: d.CorrelationId, ReplyTo: d.ReplyTo, MessageId: d.MessageId,
		Timestamp: d.Timestamp, Type: d.Type, AppId: d.AppId, Body: d.Body,
	}
}

// isOurs tells whether a header is one of Traceria's or carries the context of the trace.
func isOurs(name string) bool {
	return strings.HasPrefix(name, "traceria-") || slices.Contains(telemetry.W3C.Fields(), name)
}

// withoutForeignHeaders leaves out what others put into the headers, and says so.
func withoutForeignHeaders(message otelamqp.Message) otelamqp.Message {
	ours, names := amqp091.Table{}, []string{}
	for name, value := range message.Publishing.Headers {
		if isOurs(name) {
			ours[name] = value
		} else {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if before := text(ours[headerCut]); before != "" {
		names = append([]string{before}, names...)
	}
	ours[headerCut] = shortened(strings.ToValidUTF8(strings.Join(names, ","), "?"))
	message.Publishing.Headers = ours
	return message
}

const maxShown = 500

// shortened is a text of at most maxShown bytes, for headers and log lines: what a message holds may be in an error.
func shortened(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "…"
}
