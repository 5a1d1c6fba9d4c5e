package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
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

// BaggageErrorKey says why baggage that arrived was dropped, as a whole or in part.
const BaggageErrorKey = attribute.Key("traceria.baggage.error")

// NoteBaggage sets [BaggageErrorKey] on the current span if header, a baggage header, breaks the W3C specification or its limits
// (8192 bytes, 64 members). The propagator drops such members and reports one error per process.
func NoteBaggage(ctx context.Context, header string) {
	if header == "" {
		return
	}
	if _, err := baggage.Parse(header); err != nil {
		trace.SpanFromContext(ctx).SetAttributes(BaggageErrorKey.String(err.Error()))
	}
}

// Resume returns ctx with the trace context and baggage that [Carry] returned. It ignores values that it cannot parse.
func Resume(ctx context.Context, carried map[string]string) context.Context {
	return W3C.Extract(ctx, propagation.MapCarrier(carried))
}
