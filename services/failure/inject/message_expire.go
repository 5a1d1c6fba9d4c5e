package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// atOnce is a time to live, in milliseconds.
const atOnce = "0"

// messageExpire sends the event with a time to live of nothing. It expires in the queue of each consumer, and RabbitMQ
// dead-letters it (https://www.rabbitmq.com/docs/ttl). Jaeger shows a send without an error whose process spans are
// missing, until a redrive.
func messageExpire(_ *Injector, _ context.Context, d *departure) {
	d.markMessage(failure.MessageExpire, func(m *broker.Publishing) { m.Expiration = atOnce })
}

// messageExpireRead is the reader's part: RabbitMQ hands even such a message to a consumer that waits for one. It goes
// back unread, as if all were busy, and expires. One that is redriven has no time to live.
func messageExpireRead(d broker.Delivery) bool {
	injected, _ := d.Headers[failure.InjectedHeader].(string)
	return d.Expiration == atOnce && names(injected, failure.MessageExpire)
}
