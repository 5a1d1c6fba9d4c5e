package otelamqp

import (
	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

type attributes = []attribute.KeyValue

// messageAttributes appends the attributes of a single message that are present: its identifier and, as the
// conversation, its correlation id.
func messageAttributes(attrs attributes, id, correlationID string) attributes {
	if id != "" {
		attrs = append(attrs, semconv.MessagingMessageID(id))
	}
	if correlationID != "" {
		attrs = append(attrs, semconv.MessagingMessageConversationID(correlationID))
	}
	return attrs
}

// properties are the AMQP properties of a message that have a size.
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

func sizeAttributes(p properties, headers amqp091.Table, body []byte) attributes {
	return attributes{
		semconv.MessagingMessageBodySize(len(body)),
		semconv.MessagingMessageEnvelopeSize(len(body) + p.size() + headersSize(headers)),
	}
}

// size returns the bytes of the properties in a content header frame (AMQP 0-9-1, 4.2.6.1 and 1.8.3): the flags, a length
// byte before each short string, one byte for mode and priority, eight for the timestamp.
func (p properties) size() int {
	size := 2
	for _, text := range p.texts {
		if text != "" {
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

// headersSize returns the bytes of the header table, 0 when there is none.
func headersSize(h amqp091.Table) int {
	if len(h) == 0 {
		return 0
	}
	return fieldSize(h)
}

// fieldSize returns the bytes of a value of a field table (AMQP 0-9-1, 4.2.5) without its type: 0 for a type that AMQP
// does not have, which could not have been sent.
func fieldSize(v any) int {
	switch v := v.(type) {
	case bool, int8, uint8:
		return 1
	case int16, uint16:
		return 2
	case int32, uint32, int, float32:
		return 4
	case amqp091.Decimal:
		return 5
	case int64, float64:
		return 8
	case string:
		return 4 + len(v)
	case []byte:
		return 4 + len(v)
	case []any:
		size := 4
		for _, item := range v {
			size += 1 + fieldSize(item)
		}
		return size
	case amqp091.Table:
		size := 4
		for key, item := range v {
			size += 1 + len(key) + 1 + fieldSize(item)
		}
		return size
	}
	if _, isTime := v.(interface{ Unix() int64 }); isTime {
		return 8
	}
	return 0
}
