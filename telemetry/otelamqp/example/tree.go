package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"traceria/telemetry/otelamqp"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace" //nolint:depguard // a separate program starts its own SDK
	"go.opentelemetry.io/otel/trace"
)

// tree is a span exporter that prints traces.
type tree struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

// ExportSpans keeps the spans for print.
func (t *tree) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spans = append(t.spans, spans...)
	return nil
}

// Shutdown does nothing.
func (t *tree) Shutdown(context.Context) error { return nil }

// print writes each trace, from its root span down.
func (t *tree) print(out io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, span := range t.spans {
		if !span.Parent().IsValid() {
			fmt.Fprintf(out, "trace %s\n", span.SpanContext().TraceID()) //nolint:errcheck // to a terminal
			t.printFrom(out, span, 1)
		}
	}
}

func (t *tree) printFrom(out io.Writer, span sdktrace.ReadOnlySpan, depth int) {
	line := fmt.Sprintf("%s%s  %s  %.1f ms", strings.Repeat("  ", depth), span.Name(), span.SpanKind(),
		span.EndTime().Sub(span.StartTime()).Seconds()*1000)
	set := attribute.NewSet(span.Attributes()...)
	if wait, ok := set.Value(otelamqp.QueueWaitKey); ok {
		line += fmt.Sprintf("  waited %d ms", wait.AsInt64())
	}
	if n := len(span.Links()); n > 0 {
		line += fmt.Sprintf("  %d link", n)
	}
	fmt.Fprintln(out, line) //nolint:errcheck // to a terminal
	for _, child := range t.spans {
		if child.Parent().SpanID() == span.SpanContext().SpanID() && child.SpanKind() != trace.SpanKindUnspecified {
			t.printFrom(out, child, depth+1)
		}
	}
}
