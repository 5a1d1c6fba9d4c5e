package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// closed is loyalty.down: loyalty consumes nothing while it is on. Jaeger shows orders without loyalty's spans; when it is
// switched off they come, in the same traces, with a long traceria.queue.wait_ms.
func (i *Injector) closed(ctx context.Context, _ string) bool {
	if i.service != "loyalty" {
		return false
	}
	_, on := failure.On(ctx, failure.LoyaltyDown)
	i.away.is(on)
	return on
}

// loyaltyWasDown marks the span of a message that waited for loyalty to come back.
func (i *Injector) loyaltyWasDown(ctx context.Context, a *broker.Attempt) {
	if i.away.during(a.SentAt) {
		failure.Inject(ctx, failure.LoyaltyDown)
	}
}
