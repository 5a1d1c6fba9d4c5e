package broker

import (
	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"traceria/services/event"
)

// publishing makes an AMQP message of an envelope. The properties repeat the metadata for clients that do not know the
// envelope, and for RabbitMQ's pages. writeBody adds content type and body when the send span is known.
func publishing(e event.Envelope) amqp091.Publishing {
	m := e.Metadata
	return amqp091.Publishing{
		DeliveryMode:  amqp091.Persistent,
		MessageId:     m.MessageID(),
		CorrelationId: m.ConversationID,
		Type:          m.EventType,
		AppId:         m.Source,
		Timestamp:     m.EventDate.Time,
	}
}

// writeBody writes the envelope in the given format.
func writeBody(p *amqp091.Publishing, e event.Envelope, format string) (err error) {
	p.ContentType, p.Body, err = event.Encode(e, format)
	return err
}

// cloudAttributes are the attributes of the CloudEvents conventions, for the span of an event in that format.
func cloudAttributes(e event.Envelope) []attribute.KeyValue {
	c, err := e.AsCloudEvent()
	if err != nil {
		return nil
	}
	attributes := []attribute.KeyValue{
		semconv.CloudEventsEventID(c.ID), semconv.CloudEventsEventSource(c.Source),
		semconv.CloudEventsEventSpecVersion(c.SpecVersion), semconv.CloudEventsEventType(c.Type),
	}
	if c.Subject != "" {
		attributes = append(attributes, semconv.CloudEventsEventSubject(c.Subject))
	}
	return attributes
}

// conversation is the order that a delivery belongs to: from the metadata, or else from the AMQP property.
func conversation(d amqp091.Delivery, e event.Envelope) string {
	if id := e.Metadata.ConversationID; id != "" {
		return id
	}
	return d.CorrelationId
}
