package inject

import (
	"context"
	"strings"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// traceLostSampling clears the sampled flag of the traceparent. Jaeger shows a trace that ends at the send, because the
// consumers record no spans.
func traceLostSampling(_ *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceLostSampling, func(_ context.Context, e *event.Envelope, headers broker.Headers) {
		if parent, sampled := strings.CutSuffix(e.Metadata.TraceParent, "-01"); sampled {
			setTraceparent(e, headers, parent+"-00")
		}
	})
}
