package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/failure"
)

// kitchenSlow makes the cook take 2 or 10 seconds longer. Jaeger shows a long process span of kitchen.ticket-opened, and on
// the tickets behind it a growing traceria.queue.wait_ms.
func kitchenSlow(_ *Injector, ctx context.Context, variant string, _ *broker.Attempt, work next) error {
	failure.Inject(ctx, failure.KitchenSlow)
	longer, err := time.ParseDuration(variant)
	if err != nil {
		return err
	}
	if err := pause(ctx, longer); err != nil {
		return err
	}
	return work(ctx)
}
