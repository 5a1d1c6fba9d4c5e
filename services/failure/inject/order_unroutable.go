package inject

import (
	"context"

	"traceria/services/failure"
)

// noBinding is a routing key without a binding.
const noBinding = "order.no-binding"

// orderUnroutable sends to a routing key without a binding, and RabbitMQ returns the message. Jaeger shows a failed
// send without a process span, and another send for each retry of the outbox.
func orderUnroutable(_ *Injector, _ context.Context, d *departure) {
	d.RoutingKey = noBinding
	d.mark(failure.OrderUnroutable, nil)
}
