package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// atOnce is a time to live of zero milliseconds.
const atOnce = "0"

// messageExpire sends the event with a time to live of zero. It expires in the queue of each consumer, and RabbitMQ
// dead-letters it (https://www.rabbitmq.com/docs/ttl). Jaeger shows a send without process spans until a redrive.
func messageExpire(_ *Injector, _ context.Context, d *departure) {
	d.markMessage(failure.MessageExpire, func(m *broker.Publishing) { m.Expiration = atOnce })
}

// messageExpireRead declines such a message: RabbitMQ still hands it to a waiting consumer. The returned message
// expires in its queue. A redriven message has no time to live.
func messageExpireRead(d broker.Delivery) bool {
	injected, _ := d.Headers[failure.InjectedHeader].(string)
	return d.Expiration == atOnce && names(injected, failure.MessageExpire)
}
