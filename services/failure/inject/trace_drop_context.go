package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/telemetry"
)

// traceDropContext removes the trace context from headers and metadata. Jaeger shows a trace that ends at the send and
// a new trace per consumer. traceria.conversation still finds all of them.
func traceDropContext(_ *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceDropContext, func(_ context.Context, e *event.Envelope, headers broker.Headers) {
		dropHeaders(headers)
		for _, name := range telemetry.W3C.Fields() {
			e.Metadata.Set(name, "")
		}
	})
}
