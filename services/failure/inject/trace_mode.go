package inject

import (
	"context"

	"traceria/services/failure"
	"traceria/telemetry/otelamqp"
)

// traceMode returns the mode of the experiment trace.mode: a process span is a child of its send (parent), starts a
// trace linked to it (link), or starts an unrelated trace (none).
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
