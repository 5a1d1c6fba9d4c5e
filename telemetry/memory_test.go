package telemetry_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry/tracetree"
)

func TestMemoryFoldsASpanWithAllThatItHas(t *testing.T) {
	t.Parallel()
	tel, memory, _ := start(t, "kitchen")
	tracer := tel.TracerProvider.Tracer("test")
	ctx, parent := tracer.Start(t.Context(), "parent")
	_, linked := tracer.Start(context.Background(), "linked")
	began := time.Date(2024, 1, 30, 12, 0, 0, 0, time.UTC)
	_, span := tracer.Start(ctx, "cook", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(began),
		trace.WithLinks(trace.Link{SpanContext: linked.SpanContext(), Attributes: []attribute.KeyValue{attribute.Int("why", 1)}}),
		trace.WithAttributes(attribute.String("text", "a"), attribute.Int("number", 7), attribute.Float64("real", 0.5),
			attribute.Bool("flag", true), attribute.StringSlice("texts", []string{"a", "b"}), attribute.IntSlice("numbers", []int{1}),
			attribute.Float64Slice("reals", []float64{1}), attribute.BoolSlice("flags", []bool{true})))
	span.AddEvent("flipped", trace.WithTimestamp(began), trace.WithAttributes(attribute.Bool("once", true)))
	span.SetStatus(codes.Error, "burnt")
	span.End(trace.WithTimestamp(began.Add(250 * time.Millisecond)))
	parent.SetStatus(codes.Ok, "")
	parent.End()
	want := tracetree.Span{
		TraceID: parent.SpanContext().TraceID().String(), SpanID: span.SpanContext().SpanID().String(),
		ParentID: parent.SpanContext().SpanID().String(), Service: "kitchen", Name: "cook", Kind: "consumer",
		Start: began, Duration: 250 * time.Millisecond, Status: "error", StatusMessage: "burnt",
		Attributes: map[string]any{
			"text": "a", "number": int64(7), "real": 0.5, "flag": true, "texts": []any{"a", "b"}, "numbers": []any{int64(1)},
			"reals": []any{1.0}, "flags": []any{true},
		},
		Links: []tracetree.Link{{
			TraceID: linked.SpanContext().TraceID().String(), SpanID: linked.SpanContext().SpanID().String(), Attributes: map[string]any{"why": int64(1)},
		}},
		Scope:  tracetree.Scope{Name: "test"},
		Events: []tracetree.Event{{Name: "flipped", At: began, Attributes: map[string]any{"once": true}}},
	}
	spans := byName(memory.Spans())
	want.Resource = map[string]any{}
	for _, kv := range span.(sdktrace.ReadOnlySpan).Resource().Attributes() {
		want.Resource[string(kv.Key)] = kv.Value.AsInterface()
	}
	if diff := cmp.Diff(want, spans["cook"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := spans["parent"]; got.Status != "ok" || got.ParentID != "" {
		t.Errorf("the parent has status %q and parent %q", got.Status, got.ParentID)
	}
	if _, ended := spans["linked"]; ended {
		t.Error("a span that has not ended is there")
	}
}
