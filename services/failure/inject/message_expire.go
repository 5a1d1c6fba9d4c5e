package inject

import (
	"context"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/failure"
)

// messageExpire sends the event with a time to live of nothing: it expires in the queue before a consumer gets it, and is
// dead-lettered by RabbitMQ (https://www.rabbitmq.com/docs/ttl). Jaeger shows a send without an error whose process span
// is missing.
func messageExpire(_ *Injector, _ context.Context, d *departure) {
	d.markMessage(failure.MessageExpire, func(m *amqp091.Publishing) { m.Expiration = "0" })
}
