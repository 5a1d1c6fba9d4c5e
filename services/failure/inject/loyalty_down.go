package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// closed stops the consumers of loyalty while loyalty.down is on. Jaeger shows traces without loyalty spans. Afterwards
// the spans appear in the same traces, with a long traceria.queue.wait_ms.
func (i *Injector) closed(ctx context.Context, _ string) bool {
	if i.service != "loyalty" {
		return false
	}
	_, on := failure.On(ctx, failure.LoyaltyDown)
	i.away.is(on)
	return on
}

// loyaltyWasDown marks the process span of a message that was sent while loyalty.down was on.
func (i *Injector) loyaltyWasDown(ctx context.Context, a *broker.Attempt) {
	if i.away.during(a.SentAt) {
		failure.Inject(ctx, failure.LoyaltyDown)
	}
}
