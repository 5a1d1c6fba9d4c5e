package telemetry_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// A linked hop is sampled if and only if its producer was, for any ratio.
func TestLinkedHopFollowsItsProducer(t *testing.T) {
	t.Parallel()
	producer := func(flags trace.TraceFlags) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{7: 1}, TraceFlags: flags, Remote: true,
		})
	}
	parent := trace.ContextWithSpanContext(context.Background(), producer(trace.FlagsSampled))
	cases := []struct {
		name   string
		next   sdktrace.Sampler
		parent context.Context
		link   trace.SpanContext
		want   sdktrace.SamplingDecision
	}{
		{"sampled producer, sampler that drops", sdktrace.NeverSample(), context.Background(), producer(trace.FlagsSampled), sdktrace.RecordAndSample},
		{"unsampled producer, sampler that keeps", sdktrace.AlwaysSample(), context.Background(), producer(0), sdktrace.Drop},
		{"no valid link", sdktrace.AlwaysSample(), context.Background(), trace.SpanContext{}, sdktrace.RecordAndSample},
		{"a parent decides before a link", sdktrace.ParentBased(sdktrace.NeverSample()), parent, producer(0), sdktrace.RecordAndSample},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := telemetry.FollowLinks(c.next).ShouldSample(sdktrace.SamplingParameters{
				ParentContext: c.parent, TraceID: trace.TraceID{15: 2}, Name: "process x", Kind: trace.SpanKindConsumer,
				Attributes: []attribute.KeyValue{}, Links: []trace.Link{{SpanContext: c.link}},
			})
			if got.Decision != c.want {
				t.Errorf("got %v, want %v", got.Decision, c.want)
			}
		})
	}
}
