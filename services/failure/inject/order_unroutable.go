package inject

import (
	"context"

	"traceria/services/failure"
)

// unwanted is a routing key that nothing is bound to.
const unwanted = "order.nobody-wants-this"

// orderUnroutable sends to a routing key that no queue is bound to, and RabbitMQ returns the message. Jaeger shows a send
// with an error and no process span under it, and another send each time that the outbox tries again.
func orderUnroutable(_ *Injector, _ context.Context, d *departure) {
	d.RoutingKey = unwanted
	d.mark(failure.OrderUnroutable, nil)
}
