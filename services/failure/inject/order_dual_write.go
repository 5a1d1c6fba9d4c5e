package inject

import (
	"context"

	"traceria/services/event"
	"traceria/services/failure"
)

// publish injects order.dual-write: OrderCreated gets no outbox row, and the process dies between the commit and the
// publish. Jaeger shows POST /order with a transaction INSERT orders and without a send. The order stays created.
func (i *Injector) publish(ctx context.Context, fact event.Type) (committed func()) {
	if i.service != "order" || fact != event.OrderCreatedV1 {
		return nil
	}
	if _, on := failure.On(ctx, failure.OrderDualWrite); !on {
		return nil
	}
	return func() { i.die(ctx, failure.OrderDualWrite, "the process dies between the commit and the publish") }
}
