package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// kitchenError fails the first one to three attempts at a ticket. Jaeger shows them as errors under one send, followed
// by an attempt without an error.
func kitchenError(_ *Injector, ctx context.Context, variant string, a *broker.Attempt, work next) error {
	failures := map[string]int{"once": 1, "twice": 2, "thrice": 3}[variant]
	if a.Number > failures {
		return work(ctx)
	}
	failure.Inject(ctx, failure.KitchenError)
	return injected(ctx, failure.KitchenError)
}
