package broker

import (
	"encoding/json"
	"fmt"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
)

const contentType = "application/json"

// publishing is an envelope as an AMQP message: the properties repeat the metadata, so that a client which has
// never heard of the envelope, and RabbitMQ's own pages, show what the message is. The body is written at send
// time, when the send span is known.
func publishing(e event.Envelope) amqp091.Publishing {
	m := e.Metadata
	return amqp091.Publishing{
		ContentType:   contentType,
		DeliveryMode:  amqp091.Persistent,
		MessageId:     m.MessageID(),
		CorrelationId: m.ConversationID,
		Type:          m.EventType,
		AppId:         m.Source,
		Timestamp:     m.EventDate.Time,
	}
}

func writeBody(p *amqp091.Publishing, e event.Envelope) error {
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the envelope of %s: %w", e.Metadata.EventType, err)
	}
	p.Body = body
	return nil
}

// conversation is the order that a delivery is about: from the metadata, or from the AMQP property when the body
// says nothing.
func conversation(d amqp091.Delivery, e event.Envelope) string {
	if id := e.Metadata.ConversationID; id != "" {
		return id
	}
	return d.CorrelationId
}
