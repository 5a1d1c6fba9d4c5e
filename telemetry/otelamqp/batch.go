package otelamqp

import (
	"context"
	"slices"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// BatchHandler processes several deliveries together.
type BatchHandler func(ctx context.Context, batch []amqp091.Delivery) error

// ProcessBatch runs h for several deliveries of queue in one process span, and returns the error of h. The span has a
// link to the creation context of each message. Its parent is the span in ctx, if any. Shared attributes are on the
// span, other attributes are on the links (semconv, messaging spans, "Recording per-message attributes on batch
// operations").
//
// h gets the baggage of ctx only. The span has no attempt and no queue wait, because these belong to one message. The
// histogram of the queue wait records every message. For an empty batch h is not called. [WithFallbackCarrier] has no
// effect.
func (c *Consumer) ProcessBatch(ctx context.Context, queue string, batch []amqp091.Delivery, h BatchHandler, opts ...ProcessOption) (err error) {
	if len(batch) == 0 {
		return nil
	}
	po := processConfig{
		exchange:   shared(batch, func(d *amqp091.Delivery) string { return d.Exchange }),
		routingKey: shared(batch, func(d *amqp091.Delivery) string { return d.RoutingKey }),
	}
	for _, o := range opts {
		po = o.applyProcess(po)
	}
	if c.cfg.filter != nil && !c.cfg.filter(po.exchange, po.routingKey, queue) {
		return h(ctx, batch)
	}
	now := time.Now()
	dest := c.cfg.destinations.get(opProcess, po.exchange, po.routingKey, queue)
	mode := c.cfg.mode(ctx)
	start := append(batchOptions(ctx, mode), dest.kind)
	start = append(start, c.describeBatch(ctx, dest, batch, &po, mode)...)
	ctx, span := c.cfg.tracer.Start(ctx, dest.spanName, start...)
	handed := slices.Clone(batch) // traceSettling replaces the acknowledgers
	for i := range handed {
		d := &handed[i]
		wait, waited := queueWait(d.Headers, c.cfg.sentAtHeader, now)
		c.dispatched(ctx, dest, d, wait, waited)
		c.traceSettling(ctx, d, queue, d.Exchange, d.RoutingKey, c.cfg.creation(ctx, d.Headers))
	}
	processing := processing{c, ctx, span, dest, now, true}
	defer func() { processing.end(err) }()
	err = h(ctx, handed)
	processing.panicked = false
	return err
}

// batchOptions makes the span of a batch a new root in the modes [Link] and [None]. In [Link] it adds a link to the
// ambient span.
func batchOptions(ctx context.Context, mode TraceMode) []trace.SpanStartOption {
	if mode == Parent {
		return nil
	}
	opts := []trace.SpanStartOption{trace.WithNewRoot()}
	if ambient := trace.SpanContextFromContext(ctx); mode == Link && ambient.IsValid() {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: ambient}))
	}
	return opts
}

// describeBatch returns the attributes that all messages share, and a link with the other attributes for each message
// that has a creation context (semconv, "Recording per-message attributes on batch operations"). In the mode [None]
// there are no links.
func (c *Consumer) describeBatch(ctx context.Context, dest *destination, batch []amqp091.Delivery, po *processConfig, mode TraceMode) []trace.SpanStartOption {
	each := make([]attributes, len(batch))
	count := map[attribute.KeyValue]int{}
	for i := range batch {
		each[i] = c.perMessage(&batch[i])
		for _, kv := range each[i] {
			count[kv]++
		}
	}
	varies := func(kv attribute.KeyValue) bool { return count[kv] < len(batch) }

	attrs := append(slices.Clone(dest.attrs), semconv.MessagingBatchMessageCount(len(batch)))
	for _, kv := range each[0] {
		if !varies(kv) {
			attrs = append(attrs, kv)
		}
	}
	attrs = append(attrs, po.attrs...)
	if mode == None {
		return []trace.SpanStartOption{trace.WithAttributes(attrs...)}
	}
	var links []trace.Link
	for i := range batch {
		if creation := c.cfg.creation(ctx, batch[i].Headers); creation.IsValid() {
			own := slices.DeleteFunc(each[i], func(kv attribute.KeyValue) bool { return !varies(kv) })
			links = append(links, trace.Link{SpanContext: creation, Attributes: own})
		}
	}
	return []trace.SpanStartOption{trace.WithAttributes(attrs...), trace.WithLinks(links...)}
}

// perMessage returns the attributes that describe one message of a batch.
func (c *Consumer) perMessage(d *amqp091.Delivery) attributes {
	attrs := c.describe(nil, d)
	if d.RoutingKey != "" {
		attrs = append(attrs, semconv.MessagingRabbitMQDestinationRoutingKey(validText(d.RoutingKey)))
	}
	return attrs
}

// shared returns the value that all deliveries have, or "" if they differ.
func shared(batch []amqp091.Delivery, of func(*amqp091.Delivery) string) string {
	first := of(&batch[0])
	for i := range batch {
		if of(&batch[i]) != first {
			return ""
		}
	}
	return first
}
