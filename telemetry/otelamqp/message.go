package otelamqp

import (
	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

type attributes = []attribute.KeyValue

// messageAttributes appends the message id and the correlation id (as the conversation id) if they are present.
func messageAttributes(attrs attributes, id, correlationID string) attributes {
	if id != "" {
		attrs = append(attrs, semconv.MessagingMessageID(validText(id)))
	}
	if correlationID != "" {
		attrs = append(attrs, semconv.MessagingMessageConversationID(validText(correlationID)))
	}
	return attrs
}

// properties are the AMQP properties of a message, as far as they have a size in the frame.
type properties struct {
	texts                             [9]string
	deliveryMode, priority, timestamp bool
}

func publishingProperties(p *amqp091.Publishing) properties {
	return properties{
		[9]string{p.ContentType, p.ContentEncoding, p.CorrelationId, p.ReplyTo, p.Expiration, p.MessageId, p.Type, p.UserId, p.AppId},
		p.DeliveryMode > 0, p.Priority > 0, !p.Timestamp.IsZero(),
	}
}

func deliveryProperties(d *amqp091.Delivery) properties {
	return properties{
		[9]string{d.ContentType, d.ContentEncoding, d.CorrelationId, d.ReplyTo, d.Expiration, d.MessageId, d.Type, d.UserId, d.AppId},
		d.DeliveryMode > 0, d.Priority > 0, !d.Timestamp.IsZero(),
	}
}

// sizeAttributes returns the body size and the envelope size in bytes. header is the size of properties and headers.
func sizeAttributes(header int, body []byte) attributes {
	return attributes{
		semconv.MessagingMessageBodySize(len(body)),
		semconv.MessagingMessageEnvelopeSize(len(body) + header),
	}
}

// size returns the bytes of the properties in a content header frame (AMQP 0-9-1, 4.2.6.1 and 1.8.3): the flags, a
// length byte before each short string, one byte each for mode and priority, eight for the timestamp.
func (p *properties) size() int {
	size := 2
	for i := range p.texts { // by index: copying the strings costs time for every message
		if text := p.texts[i]; text != "" {
			size += 1 + len(text)
		}
	}
	if p.timestamp {
		size += 8
	}
	if p.deliveryMode {
		size++
	}
	if p.priority {
		size++
	}
	return size
}
