package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// kitchenCrash ends the process after a ticket's work was committed and before it is acked. Jaeger shows that attempt as an
// error without a settlement, and another one, of another service.instance.id, that finds the work done. The attempts
// after the first live: a crash over and over would take all other tickets with it.
func kitchenCrash(i *Injector, ctx context.Context, _ string, a *broker.Attempt, work next) error {
	failure.Inject(ctx, failure.KitchenCrash)
	err := work(ctx)
	if a.Number == 1 && err == nil {
		i.die(ctx, failure.KitchenCrash, "the process dies before the ack")
	}
	return err
}
