package telemetry

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
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
	var of *resource.Resource
	var shared map[string]any
	for _, span := range stamped(spans) {
		if r := span.Resource(); shared == nil || r != of {
			of, shared = r, plainAll(r.Attributes())
		}
		folded := fold(span)
		folded.Resource = shared
		m.spans = append(m.spans, folded)
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
		Scope:         tracetree.Scope{Name: s.InstrumentationScope().Name, Version: s.InstrumentationScope().Version},
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
	for _, e := range s.Events() {
		span.Events = append(span.Events, tracetree.Event{Name: e.Name, At: e.Time, Attributes: plainAll(e.Attributes)})
	}
	for _, link := range s.Links() {
		span.Links = append(span.Links, tracetree.Link{
			TraceID: link.SpanContext.TraceID().String(), SpanID: link.SpanContext.SpanID().String(),
			TraceState: link.SpanContext.TraceState().String(), Attributes: plainAll(link.Attributes),
		})
	}
	if s.Status().Code != codes.Unset {
		span.Status = strings.ToLower(s.Status().Code.String())
	}
	return span
}

// plainAll returns nil if there are no attributes.
func plainAll(list []attribute.KeyValue) map[string]any {
	if len(list) == 0 {
		return nil
	}
	all := make(map[string]any, len(list))
	for _, kv := range list {
		all[string(kv.Key)] = plain(kv.Value)
	}
	return all
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
