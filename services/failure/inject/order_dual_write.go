package inject

import (
	"context"

	"traceria/services/event"
	"traceria/services/failure"
)

// publish is order.dual-write: OrderCreated is not stored with the order but published after the commit, and the process
// dies in between. Jaeger shows POST /order with its database spans and no send at all; the order stays created.
func (i *Injector) publish(ctx context.Context, fact event.Type) (committed func()) {
	if i.service != "order" || fact != event.OrderCreatedV1 {
		return nil
	}
	if _, on := failure.On(ctx, failure.OrderDualWrite); !on {
		return nil
	}
	return func() { i.die(ctx, failure.OrderDualWrite, "the process dies between the commit and the publish") }
}
