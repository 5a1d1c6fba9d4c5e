package otelamqp

import (
	"context"
	"sync"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// extract reads the context of a message. The returned context holds the values of ctx and the message's baggage in
// every trace mode. creation is the context of the span that created the message; it is invalid if there is none.
// ambient is the span in ctx, or nil.
func (c *Consumer) extract(ctx context.Context, h amqp091.Table, fallback propagation.TextMapCarrier) (_ context.Context, creation trace.SpanContext, ambient trace.Span) {
	if span := trace.SpanFromContext(ctx); span.SpanContext().IsValid() {
		ambient = span
		// Remove the ambient span, so that a valid span context can only come from the headers.
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
			ambient = nil // the caller had already extracted the message's context: there is no ambient span
		} else {
			msgCtx = trace.ContextWithSpan(msgCtx, ambient)
		}
	}
	return msgCtx, creation, ambient
}

// spanStart is a reusable buffer for the options of a process span. Reuse is safe: the API copies the options before
// Start returns.
type spanStart struct {
	attrs attributes
	links []trace.Link
	opts  []trace.SpanStartOption
}

var spanStarts = sync.Pool{New: func() any {
	return &spanStart{make(attributes, 0, 20), make([]trace.Link, 0, 2), make([]trace.SpanStartOption, 0, 4)}
}}

// start starts a process span with its links, or as a root (semconv, messaging spans, "Trace structure"). ctx holds
// the ambient span or, without one, the creation context. In the mode [Parent] it becomes the parent.
func (s *spanStart) start(ctx context.Context, tracer trace.Tracer, dest *destination, mode TraceMode, creation trace.SpanContext, ambient trace.Span) (context.Context, trace.Span) {
	s.opts = append(s.opts, dest.kind, trace.WithAttributes(s.attrs...))
	if mode != Parent {
		s.opts = append(s.opts, trace.WithNewRoot())
	}
	if creation.IsValid() && mode != None {
		s.links = append(s.links, trace.Link{SpanContext: creation})
	}
	if ambient != nil && mode == Link {
		s.links = append(s.links, trace.Link{SpanContext: ambient.SpanContext()})
	}
	if len(s.links) > 0 {
		s.opts = append(s.opts, trace.WithLinks(s.links...))
	}
	ctx, span := tracer.Start(ctx, dest.spanName, s.opts...)
	s.free()
	return ctx, span
}

func (s *spanStart) free() {
	clear(s.attrs)
	clear(s.links)
	clear(s.opts)
	s.attrs, s.links, s.opts = s.attrs[:0], s.links[:0], s.opts[:0]
	spanStarts.Put(s)
}
