package broker

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// Reasons of dead letters.
const (
	ReasonUnreadable = "unreadable"
	ReasonPermanent  = "permanent"
	ReasonUsedUp     = "attempts-used-up"
)

// retryMessage is the message for the next attempt. It keeps the trace context of the first send: all attempts are its
// children.
func (s Subscription) retryMessage(d amqp091.Delivery, h history) otelamqp.Message {
	next := republished(d, h)
	next.Headers[headerRetries] = int64(h.retries + 1)
	return otelamqp.Message{
		Exchange: s.RetryExchange(), RoutingKey: s.RetryQueue(s.Delays()[h.retries]),
		Publishing: next, KeepContext: true,
	}
}

// deadMessage is the dead letter of a delivery, with the error and the history in its headers. It keeps the trace context of
// the first send. ctx is the context of the failed attempt.
func (s Subscription) deadMessage(ctx context.Context, d amqp091.Delivery, h history, service string, err error) otelamqp.Message {
	letter := republished(d, h)
	maps.Copy(letter.Headers, amqp091.Table{
		otelamqp.AttemptHeader: int64(h.attempt), // the last attempt
		headerRetries:          int64(h.retries),
		headerDeadReason:       reasonOf(err, h, len(s.Delays())),
		headerDeadError:        wire.Shortened(err.Error()),
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

// republished is a copy of a delivery that can be published. It omits properties and headers that RabbitMQ interprets: an
// expiration would end the back-off early, the user id must be that of the publisher, CC and BCC would send copies to other
// queues. It also omits the counts of RabbitMQ.
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
