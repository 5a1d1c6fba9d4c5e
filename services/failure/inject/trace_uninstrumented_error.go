package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// traceUninstrumentedError lets the work on a ticket fail and says nothing of it: the message is acked. Jaeger shows a
// green process span without the sends that should be under it, and the order does not go on.
func traceUninstrumentedError(_ *Injector, ctx context.Context, _ string, _ *broker.Attempt, _ next) error {
	failure.Inject(ctx, failure.TraceUninstrumentedError)
	return nil
}
