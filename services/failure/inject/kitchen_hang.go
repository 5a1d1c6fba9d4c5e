package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
	"traceria/services/wait"
)

// kitchenHang blocks a cook until the failure is cleared or the process ends. Jaeger shows a send without a process
// span, because a span is exported when it ends. After a restart the ticket is cooked.
func kitchenHang(_ *Injector, ctx context.Context, _ string, a *broker.Attempt, work next) error {
	failure.Inject(ctx, failure.KitchenHang)
	for on := a.Number == 1; on; _, on = failure.On(ctx, failure.KitchenHang) {
		if err := wait.For(ctx, look); err != nil {
			return err
		}
	}
	return work(ctx)
}
