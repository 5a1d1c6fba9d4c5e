package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/failure"
	"traceria/telemetry"
)

const skew = 5 * time.Minute

// traceClockSkew has the kitchen's spans of a ticket stamped by a clock that is five minutes behind or ahead. Jaeger shows
// process spans that begin before they were sent, or long after.
func traceClockSkew(_ *Injector, ctx context.Context, variant string, _ *broker.Attempt, work next) error {
	failure.Inject(ctx, failure.TraceClockSkew)
	offset := skew
	if variant == "behind" {
		offset = -skew
	}
	return work(telemetry.WithClock(ctx, offset))
}
