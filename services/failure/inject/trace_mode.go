package inject

import (
	"context"

	"traceria/services/failure"
	"traceria/telemetry/otelamqp"
)

// traceMode is the experiment trace.mode: whether a process span is the child of its send (parent), begins a trace with a
// link to it (link), or one without (none).
func traceMode(ctx context.Context) otelamqp.TraceMode {
	switch variant, _ := failure.On(ctx, failure.TraceMode); variant {
	case otelamqp.Link.String():
		return otelamqp.Link
	case otelamqp.None.String():
		return otelamqp.None
	default:
		return otelamqp.Parent
	}
}
