package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/telemetry"
)

// traceDropContext takes the trace context off headers and metadata. Jaeger shows a trace that ends at the send, and
// another for each consumer; traceria.conversation still finds them all.
func traceDropContext(_ *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceDropContext, func(_ context.Context, e *event.Envelope, headers broker.Headers) {
		dropHeaders(headers)
		for _, name := range telemetry.W3C.Fields() {
			e.Metadata.Set(name, "")
		}
	})
}
