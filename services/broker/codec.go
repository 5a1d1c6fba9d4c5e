package broker

import (
	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"traceria/services/event"
)

// publishing is an envelope as an AMQP message: the properties repeat the metadata, so that a client which has
// never heard of the envelope, and RabbitMQ's own pages, show what the message is. The content type and the
// body are written at send time, when the send span is known.
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

// writeBody writes the envelope in the form that is chosen at the moment.
func writeBody(p *amqp091.Publishing, e event.Envelope, format string) (err error) {
	p.ContentType, p.Body, err = event.Encode(e, format)
	return err
}

// cloudAttributes are what the CloudEvents conventions say about an event, for the span of one in that form.
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

// conversation is the order that a delivery is about: from the metadata, or from the AMQP property when the body
// says nothing.
func conversation(d amqp091.Delivery, e event.Envelope) string {
	if id := e.Metadata.ConversationID; id != "" {
		return id
	}
	return d.CorrelationId
}
