package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// ClockOffsetKey is the clock error of a span in milliseconds. A negative value means early.
const ClockOffsetKey = attribute.Key("traceria.clock.offset_ms")

type clockKey struct{}

// WithClock returns a context in which the current span and every new span are stamped with a clock that is wrong by offset.
// Durations stay correct, as on a machine with a wrong clock that does not jump.
func WithClock(ctx context.Context, offset time.Duration) context.Context {
	trace.SpanFromContext(ctx).SetAttributes(ClockOffsetKey.Int64(offset.Milliseconds()))
	return context.WithValue(ctx, clockKey{}, offset)
}

// clockProcessor marks each span that starts in a context of [WithClock].
type clockProcessor struct{}

func (clockProcessor) OnStart(ctx context.Context, s sdktrace.ReadWriteSpan) {
	if offset, ok := ctx.Value(clockKey{}).(time.Duration); ok {
		s.SetAttributes(ClockOffsetKey.Int64(offset.Milliseconds()))
	}
}

func (clockProcessor) OnEnd(sdktrace.ReadOnlySpan)      {}
func (clockProcessor) Shutdown(context.Context) error   { return nil }
func (clockProcessor) ForceFlush(context.Context) error { return nil }

// stamped returns the spans with the times of their wrong clocks. It does not change the caller's slice.
func stamped(spans []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	var changed []sdktrace.ReadOnlySpan
	for i, span := range spans {
		offset := offsetOf(span)
		if offset == 0 {
			continue
		}
		if changed == nil {
			changed = append(changed, spans...)
		}
		changed[i] = skewed{span, offset}
	}
	if changed == nil {
		return spans
	}
	return changed
}

func offsetOf(span sdktrace.ReadOnlySpan) time.Duration {
	for _, kv := range span.Attributes() {
		if kv.Key == ClockOffsetKey {
			return time.Duration(kv.Value.AsInt64()) * time.Millisecond
		}
	}
	return 0
}

// skewed is a span whose times are shifted by offset.
type skewed struct {
	sdktrace.ReadOnlySpan
	offset time.Duration
}

func (s skewed) StartTime() time.Time { return s.ReadOnlySpan.StartTime().Add(s.offset) }
func (s skewed) EndTime() time.Time   { return s.ReadOnlySpan.EndTime().Add(s.offset) }

func (s skewed) Events() []sdktrace.Event {
	events := append([]sdktrace.Event{}, s.ReadOnlySpan.Events()...)
	for i := range events {
		events[i].Time = events[i].Time.Add(s.offset)
	}
	return events
}
