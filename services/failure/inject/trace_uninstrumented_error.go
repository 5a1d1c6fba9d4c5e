package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// traceUninstrumentedError skips the work on a ticket and acks the message. Jaeger shows a process span without an
// error and without the sends below it. The order stops.
func traceUninstrumentedError(_ *Injector, ctx context.Context, _ string, _ *broker.Attempt, _ next) error {
	failure.Inject(ctx, failure.TraceUninstrumentedError)
	return nil
}
