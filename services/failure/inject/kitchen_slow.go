package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/failure"
	"traceria/services/wait"
)

// kitchenSlow delays a cook by 2 or 10 seconds. Jaeger shows a long process span of kitchen.ticket-opened and a growing
// traceria.queue.wait_ms on the following tickets.
func kitchenSlow(_ *Injector, ctx context.Context, variant string, _ *broker.Attempt, work next) error {
	failure.Inject(ctx, failure.KitchenSlow)
	longer, err := time.ParseDuration(variant)
	if err != nil {
		return err
	}
	if err := wait.For(ctx, longer); err != nil {
		return err
	}
	return work(ctx)
}
