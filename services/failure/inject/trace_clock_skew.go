package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/failure"
	"traceria/telemetry"
)

const skew = 5 * time.Minute

// traceClockSkew shifts the timestamps of the kitchen's spans of a ticket by five minutes. Jaeger shows process spans
// that begin before their send, or minutes after it.
func traceClockSkew(_ *Injector, ctx context.Context, variant string, _ *broker.Attempt, work next) error {
	failure.Inject(ctx, failure.TraceClockSkew)
	offset := skew
	if variant == "behind" {
		offset = -skew
	}
	return work(telemetry.WithClock(ctx, offset))
}
