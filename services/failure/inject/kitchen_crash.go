package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// kitchenCrash ends the process between the commit of a ticket and its ack. Jaeger shows a failed attempt without a
// settlement, and a second one of another service.instance.id that is a duplicate. Later attempts survive, because
// repeated crashes would dead-letter other tickets.
func kitchenCrash(i *Injector, ctx context.Context, _ string, a *broker.Attempt, work next) error {
	failure.Inject(ctx, failure.KitchenCrash)
	err := work(ctx)
	if a.Number == 1 && err == nil {
		i.die(ctx, failure.KitchenCrash, "the process dies before the ack")
	}
	return err
}
