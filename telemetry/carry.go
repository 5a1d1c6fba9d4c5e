package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

// W3C carries trace context and baggage in the names that the event's metadata knows (traceparent,
// tracestate, baggage), whatever OTEL_PROPAGATORS chooses for headers.
var W3C propagation.TextMapPropagator = propagation.NewCompositeTextMapPropagator(
	propagation.TraceContext{}, propagation.Baggage{})

// Carry writes the trace context and baggage of ctx into a map that can be stored: with an outbox row, say, to
// send the event later in the trace of the request that caused it.
func Carry(ctx context.Context) map[string]string {
	carrier := propagation.MapCarrier{}
	W3C.Inject(ctx, carrier)
	return carrier
}

// Resume returns ctx with the trace context and baggage that [Carry] wrote. Unreadable values are ignored.
func Resume(ctx context.Context, carried map[string]string) context.Context {
	return W3C.Extract(ctx, propagation.MapCarrier(carried))
}
