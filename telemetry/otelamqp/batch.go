package otelamqp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// BatchHandler processes several deliveries together.
type BatchHandler func(ctx context.Context, batch []amqp091.Delivery) error

// ProcessBatch runs h for several deliveries of queue inside one process span that links to the creation context of each
// message. Its parent is the span in ctx, if any: no message can be the parent of a batch. What all messages share is on
// the span, what differs is on their links, as the conventions want it. h gets the baggage of ctx only.
//
// h is not called for an empty batch.
func (c *Consumer) ProcessBatch(ctx context.Context, queue string, batch []amqp091.Delivery, h BatchHandler, opts ...ProcessOption) error {
	if len(batch) == 0 {
		return nil
	}
	var po processConfig
	for _, o := range opts {
		o.applyProcess(&po)
	}
	now := time.Now()
	exchange, routingKey := common(batch, func(d *amqp091.Delivery) string { return d.Exchange }), common(batch, func(d *amqp091.Delivery) string { return d.RoutingKey })
	if po.redirected {
		exchange, routingKey = po.exchange, po.routingKey
	}
	if c.cfg.filter != nil && !c.cfg.filter(exchange, routingKey, queue) {
		return h(ctx, batch)
	}
	dest := c.cfg.destinations.get(opProcess, exchange, routingKey, queue)
	shared, links := c.describeBatch(ctx, batch)
	attrs := append(dest.attrs[:len(dest.attrs):len(dest.attrs)], semconv.MessagingBatchMessageCount(len(batch)))
	attrs = append(append(attrs, shared...), po.attrs...)
	start := []trace.SpanStartOption{dest.kind, trace.WithAttributes(attrs...), trace.WithLinks(links...)}
	if c.cfg.mode(ctx) != Parent {
		start = append(start, trace.WithNewRoot())
		if ambient := trace.SpanContextFromContext(ctx); ambient.IsValid() && c.cfg.mode(ctx) == Link {
			start = append(start, trace.WithLinks(trace.Link{SpanContext: ambient}))
		}
	}
	ctx, span := c.cfg.tracer.Start(ctx, dest.spanName, start...)
	handed := make([]amqp091.Delivery, len(batch))
	copy(handed, batch)
	for i := range handed {
		d := &handed[i]
		wait, waited := queueWait(d.Headers, c.cfg.sentAtHeader, now)
		c.dispatched(ctx, dest, d, wait, waited)
		if c.cfg.settleSpans && d.Acknowledger != nil {
			creation := trace.SpanContextFromContext(Extract(context.Background(), d.Headers, c.cfg.propagator))
			d.Acknowledger = &settler{cfg: c.cfg, ctx: ctx, ack: d.Acknowledger, delivery: newSettled(d, queue, d.Exchange, d.RoutingKey, creation)}
		}
	}
	return c.handle(ctx, span, dest, now, func(ctx context.Context) error { return h(ctx, handed) })
}

// common returns the value that all deliveries share, "" when they differ.
func common(batch []amqp091.Delivery, of func(*amqp091.Delivery) string) string {
	first := of(&batch[0])
	for i := range batch {
		if of(&batch[i]) != first {
			return ""
		}
	}
	return first
}

// describeBatch returns the attributes that all messages share and a link for each message that has a creation context,
// with the attributes that differ. In the mode [None] there are no links.
func (c *Consumer) describeBatch(ctx context.Context, batch []amqp091.Delivery) (shared attributes, links []trace.Link) {
	each := make([]attributes, len(batch))
	counts := map[attribute.KeyValue]int{}
	for i := range batch {
		d := &batch[i]
		attrs := messageAttributes(nil, d.MessageId, d.CorrelationId)
		if d.DeliveryTag > 0 {
			attrs = append(attrs, semconv.MessagingRabbitMQMessageDeliveryTag(int(d.DeliveryTag)))
		}
		if d.RoutingKey != "" {
			attrs = append(attrs, semconv.MessagingRabbitMQDestinationRoutingKey(d.RoutingKey))
		}
		if c.cfg.sizes {
			attrs = append(attrs, sizeAttributes(deliveryProperties(d), d.Headers, d.Body)...)
		}
		for _, kv := range attrs {
			counts[kv]++
		}
		each[i] = attrs
	}
	for _, kv := range each[0] {
		if counts[kv] == len(batch) {
			shared = append(shared, kv)
		}
	}
	if c.cfg.mode(ctx) == None {
		return shared, nil
	}
	for i := range batch {
		for _, link := range c.cfg.creationLinks(batch[i].Headers) {
			for _, kv := range each[i] {
				if counts[kv] < len(batch) {
					link.Attributes = append(link.Attributes, kv)
				}
			}
			links = append(links, link)
		}
	}
	return shared, links
}

// BatchError says which messages of a batch were not stored and routed.
type BatchError struct {
	// Errors has one entry for each message of the batch, in its order: nil where all went well.
	Errors []error
}

// Error returns how many messages failed, and why the first did.
func (e *BatchError) Error() string {
	failed := e.Unwrap()
	return fmt.Sprintf("otelamqp: %d of %d messages failed: %v", len(failed), len(e.Errors), failed[0])
}

// Unwrap returns the errors of the messages that failed.
func (e *BatchError) Unwrap() []error {
	var failed []error
	for _, err := range e.Errors {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// PublishBatch publishes messages one after the other without waiting in between, then waits for all confirms. Each has
// a send span of its own, because AMQP sends each by itself. The error is a *BatchError when any failed.
func (p *Publisher) PublishBatch(ctx context.Context, batch []Message) error {
	result := &BatchError{Errors: make([]error, len(batch))}
	pending := make([]*Confirmation, len(batch))
	for i := range batch {
		pending[i], result.Errors[i] = p.PublishDeferred(ctx, batch[i])
	}
	for i, c := range pending {
		if c != nil {
			result.Errors[i] = c.Wait(ctx)
		}
	}
	if errors.Join(result.Errors...) == nil {
		return nil
	}
	return result
}
