package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// kitchenPoison fails every attempt at a ticket. Jaeger shows four failed attempts. A send to
// kitchen.ticket-opened.dead is below the last.
func kitchenPoison(_ *Injector, ctx context.Context, _ string, _ *broker.Attempt, _ next) error {
	failure.Inject(ctx, failure.KitchenPoison)
	return injected(ctx, failure.KitchenPoison)
}
