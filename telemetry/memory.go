package telemetry

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"traceria/telemetry/tracetree"
)

// Memory is a span exporter that keeps ended spans in this process: for tests, and for a first look without a Collector.
// Several services may share one. It is safe for concurrent use.
type Memory struct {
	mu    sync.Mutex
	spans []tracetree.Span
}

// ExportSpans implements the SDK's SpanExporter.
func (m *Memory) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, span := range stamped(spans) {
		m.spans = append(m.spans, fold(span))
	}
	return nil
}

// Shutdown implements the SDK's SpanExporter. The spans stay readable.
func (m *Memory) Shutdown(context.Context) error { return nil }

// Conversation returns the ended spans of one conversation.
func (m *Memory) Conversation(id string) []tracetree.Span {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []tracetree.Span
	for _, span := range m.spans {
		if span.Attributes[string(ConversationKey)] == id {
			found = append(found, span)
		}
	}
	return found
}

// Spans returns every span that has ended.
func (m *Memory) Spans() []tracetree.Span {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]tracetree.Span(nil), m.spans...)
}

func fold(s sdktrace.ReadOnlySpan) tracetree.Span {
	span := tracetree.Span{
		TraceID:       s.SpanContext().TraceID().String(),
		SpanID:        s.SpanContext().SpanID().String(),
		TraceState:    s.SpanContext().TraceState().String(),
		Name:          s.Name(),
		Kind:          strings.ToLower(s.SpanKind().String()),
		Start:         s.StartTime(),
		Duration:      s.EndTime().Sub(s.StartTime()),
		Attributes:    map[string]any{},
		StatusMessage: s.Status().Description,
	}
	if s.Parent().SpanID().IsValid() {
		span.ParentID = s.Parent().SpanID().String()
	}
	if name, ok := s.Resource().Set().Value(semconv.ServiceNameKey); ok {
		span.Service = name.AsString()
	}
	for _, kv := range s.Attributes() {
		span.Attributes[string(kv.Key)] = plain(kv.Value)
	}
	for _, link := range s.Links() {
		span.Links = append(span.Links, tracetree.Link{
			TraceID: link.SpanContext.TraceID().String(), SpanID: link.SpanContext.SpanID().String(),
			TraceState: link.SpanContext.TraceState().String(),
		})
	}
	if s.Status().Code != codes.Unset {
		span.Status = strings.ToLower(s.Status().Code.String())
	}
	return span
}

// plain returns the attribute's value. A list becomes []any, as in decoded JSON.
func plain(v attribute.Value) any {
	switch v.Type() {
	case attribute.STRINGSLICE:
		return anys(v.AsStringSlice())
	case attribute.INT64SLICE:
		return anys(v.AsInt64Slice())
	case attribute.FLOAT64SLICE:
		return anys(v.AsFloat64Slice())
	case attribute.BOOLSLICE:
		return anys(v.AsBoolSlice())
	default:
		return v.AsInterface()
	}
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
