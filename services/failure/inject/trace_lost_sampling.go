package inject

import (
	"context"
	"strings"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// traceLostSampling says in the traceparent that the trace is not sampled, though it is. Jaeger shows a trace that ends at
// the send; the consumers, which believe it, make no spans at all.
func traceLostSampling(_ *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceLostSampling, func(_ context.Context, e *event.Envelope, headers broker.Headers) {
		if parent, sampled := strings.CutSuffix(e.Metadata.TraceParent, "-01"); sampled {
			setTraceparent(e, headers, parent+"-00")
		}
	})
}
