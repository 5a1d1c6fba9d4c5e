package failure

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// The attributes by which injected failures are told from real ones, and found in Jaeger.
const (
	FailureKey  = attribute.Key("traceria.failure")
	InjectedKey = attribute.Key("traceria.injected")
)

// InjectedHeader is the message header that tells the consumer what was injected into the message: keys with commas
// between them. It lasts one hop, and goes where the trace context is lost, too.
const InjectedHeader = "traceria-injected"

// Inject marks the current span as the one in which key was injected.
func Inject(ctx context.Context, key Key) { mark(trace.SpanFromContext(ctx), key) }

// Suffer marks the current span as one that suffers from what another one injected: injected is the value of
// [InjectedHeader]. What the catalogue does not know is left out.
func Suffer(ctx context.Context, injected string) {
	for name := range strings.SplitSeq(injected, ",") {
		if _, ok := byKey[Key(name)]; ok {
			mark(trace.SpanFromContext(ctx), Key(name))
		}
	}
}

// InjectedAs is the attribute that one failure has for itself: of several on one span, FailureKey names the last, and each
// has this one, which is true.
func InjectedAs(key Key) attribute.Key { return attribute.Key("traceria.inject." + string(key)) }

// Marks are the attributes of a span that key was injected into, or that suffers from it.
func Marks(key Key) []attribute.KeyValue {
	return []attribute.KeyValue{FailureKey.String(string(key)), InjectedKey.Bool(true), InjectedAs(key).Bool(true)}
}

func mark(span trace.Span, key Key) { span.SetAttributes(Marks(key)...) }

// evaluated says on the span that a flag came out as something other than its default
// (https://opentelemetry.io/docs/specs/semconv/feature-flags/). Of several on one span, the last one is told.
func evaluated(ctx context.Context, key Key, variant string) {
	trace.SpanFromContext(ctx).SetAttributes(semconv.FeatureFlagKey(string(key)), semconv.FeatureFlagResultVariant(variant))
}
