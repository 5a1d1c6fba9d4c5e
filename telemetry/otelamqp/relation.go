package otelamqp

import (
	"context"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// extract reads the context of a message. The returned context holds the values of ctx and the message's baggage, in
// every trace mode. creation is the context of the span that created the message, invalid when the message has none;
// ambient is the span of ctx, nil when there is none.
func (c *Consumer) extract(ctx context.Context, h amqp091.Table, fallback propagation.TextMapCarrier) (_ context.Context, creation trace.SpanContext, ambient trace.Span) {
	if span := trace.SpanFromContext(ctx); span.SpanContext().IsValid() {
		ambient = span
		// Without the ambient span in the way: a valid context is then the message's.
		ctx = trace.ContextWithSpan(ctx, nil)
	}
	msgCtx := Extract(ctx, h, c.cfg.propagator)
	creation = trace.SpanContextFromContext(msgCtx)
	if !creation.IsValid() && fallback != nil {
		msgCtx = c.cfg.propagator.Extract(msgCtx, fallback)
		creation = trace.SpanContextFromContext(msgCtx)
	}
	if ambient != nil {
		if sc := ambient.SpanContext(); sc.TraceID() == creation.TraceID() && sc.SpanID() == creation.SpanID() {
			ambient = nil // the caller extracted the message's context already: nothing of its own is around it
		} else {
			msgCtx = trace.ContextWithSpan(msgCtx, ambient)
		}
	}
	return msgCtx, creation, ambient
}

// relate appends the links of a process span, or makes it a root (semconv, messaging spans, "Trace structure"). The
// context in which it starts holds the ambient span or, where there is none, the creation context: either becomes the
// parent in the mode [Parent].
func relate(opts []trace.SpanStartOption, mode TraceMode, creation trace.SpanContext, ambient trace.Span) []trace.SpanStartOption {
	if mode != Parent {
		opts = append(opts, trace.WithNewRoot())
	}
	if mode == None {
		return opts
	}
	var links []trace.Link
	if creation.IsValid() {
		links = append(links, trace.Link{SpanContext: creation})
	}
	if mode == Link && ambient != nil {
		links = append(links, trace.Link{SpanContext: ambient.SpanContext()})
	}
	if len(links) > 0 {
		opts = append(opts, trace.WithLinks(links...))
	}
	return opts
}
