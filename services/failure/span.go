package failure

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// These attributes mark injected failures. A search in Jaeger finds them.
const (
	FailureKey  = attribute.Key("traceria.failure")
	InjectedKey = attribute.Key("traceria.injected")
)

// InjectedHeader is the message header with the keys that were injected into the message, separated by commas. It lasts
// one hop and survives the loss of the trace context.
const InjectedHeader = "traceria-injected"

// Inject marks the current span as the place where key was injected, and counts it, unless its marks are withheld.
func Inject(ctx context.Context, key Key) {
	if s := FromContext(ctx); !s.Unmarked(key) {
		mark(trace.SpanFromContext(ctx), key)
		s.injected(ctx, key)
	}
}

// Suffer marks the current span as one that suffers from the failures in injected, a value of [InjectedHeader]. It
// ignores unknown keys, and those whose marks are withheld.
func Suffer(ctx context.Context, injected string) {
	for name := range strings.SplitSeq(injected, ",") {
		if _, known := byKey[Key(name)]; known && !withheld(ctx, Key(name)) {
			mark(trace.SpanFromContext(ctx), Key(name))
		}
	}
}

// withheld looks the key up, because this service may not have evaluated it yet.
func withheld(ctx context.Context, key Key) bool {
	s := FromContext(ctx)
	if s == nil {
		return false
	}
	_ = s.variant(ctx, byKey[key])
	return s.Unmarked(key)
}

// InjectedAs returns the attribute of one failure. It tells several failures on one span apart; FailureKey names only
// the last.
func InjectedAs(key Key) attribute.Key { return attribute.Key("traceria.inject." + string(key)) }

// Marks returns the attributes of a span that key was injected into or that suffers from it.
func Marks(key Key) []attribute.KeyValue {
	return []attribute.KeyValue{FailureKey.String(string(key)), InjectedKey.Bool(true), InjectedAs(key).Bool(true)}
}

func mark(span trace.Span, key Key) { span.SetAttributes(Marks(key)...) }

// evaluated marks the span with a flag whose value is not its default
// (https://opentelemetry.io/docs/specs/semconv/feature-flags/). The last flag wins.
func evaluated(ctx context.Context, key Key, variant string) {
	trace.SpanFromContext(ctx).SetAttributes(semconv.FeatureFlagKey(string(key)), semconv.FeatureFlagResultVariant(variant))
}
