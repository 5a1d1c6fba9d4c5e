package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/telemetry"
)

// traceDropHeaders removes the trace context from the headers, as a bridge or a shovel may. Jaeger shows a complete
// trace, because the event's metadata have the context, too.
func traceDropHeaders(_ *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceDropHeaders, func(_ context.Context, _ *event.Envelope, headers broker.Headers) { dropHeaders(headers) })
}

func dropHeaders(headers broker.Headers) {
	for _, name := range telemetry.W3C.Fields() {
		delete(headers, name)
	}
}
