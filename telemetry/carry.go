package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

// W3C propagates trace context and baggage under the names traceparent, tracestate and baggage, which an event's metadata
// uses. It does not depend on OTEL_PROPAGATORS, which chooses the headers.
var W3C propagation.TextMapPropagator = propagation.NewCompositeTextMapPropagator(
	propagation.TraceContext{}, propagation.Baggage{})

// Carry returns the trace context and baggage of ctx as a map that can be stored. An outbox row stores it, so that the event
// is sent later in the trace of the request that caused it.
func Carry(ctx context.Context) map[string]string {
	carrier := propagation.MapCarrier{}
	W3C.Inject(ctx, carrier)
	return carrier
}

// Resume returns ctx with the trace context and baggage that [Carry] returned. It ignores values that it cannot parse.
func Resume(ctx context.Context, carried map[string]string) context.Context {
	return W3C.Extract(ctx, propagation.MapCarrier(carried))
}
