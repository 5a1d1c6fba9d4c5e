package otelamqp

import (
	"context"
	"fmt"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/trace"
)

// GetChannel is the part of [*amqp091.Channel] that Get needs.
type GetChannel interface {
	Get(queue string, autoAck bool) (msg amqp091.Delivery, ok bool, err error)
}

var _ GetChannel = (*amqp091.Channel)(nil)

// pulled marks a delivery that Get returned, so that Process does not count it again.
type pulled struct{ amqp091.Acknowledger }

// Get takes one message from queue in a receive span, which links to the creation context of the message. ok is false
// if the queue was empty; such a call has a span, too. Pass the delivery to [Consumer.Process] for its process span.
// The error wraps the error of the channel.
//
// Get creates the span after the call, with the start time of the call. Samplers need the
// destination and the link, and both are known only then.
func (c *Consumer) Get(ctx context.Context, ch GetChannel, queue string, autoAck bool) (d amqp091.Delivery, ok bool, err error) {
	start := time.Now()
	d, ok, err = ch.Get(queue, autoAck)
	if err != nil {
		err = fmt.Errorf("get from %s: %w", queue, err)
	}
	if ok && d.Acknowledger != nil {
		d.Acknowledger = &pulled{d.Acknowledger}
	}
	if c.cfg.filter != nil && !c.cfg.filter(d.Exchange, d.RoutingKey, queue) {
		return d, ok, err
	}
	dest := c.cfg.destinations.get(opReceive, d.Exchange, d.RoutingKey, queue)
	attrs := dest.attrs
	opts := []trace.SpanStartOption{dest.kind, trace.WithTimestamp(start)}
	if ok {
		attrs = c.describe(attrs, &d)
		if creation := c.cfg.creation(ctx, d.Headers); creation.IsValid() && c.cfg.mode(ctx) != None {
			opts = append(opts, trace.WithLinks(trace.Link{SpanContext: creation}))
		}
	}
	ctx, span := c.cfg.tracer.Start(ctx, dest.spanName, append(opts, trace.WithAttributes(attrs...))...)
	errorType := ErrorType(err)
	elapsed := endSpan(span, start, err, errorType)
	in := &c.cfg.instruments
	if in.operation.Enabled(ctx) {
		in.operation.Record(ctx, elapsed.Seconds(), dest.outcome(errorType).operation...)
	}
	if ok && in.consumed.Enabled(ctx) {
		in.consumed.Add(ctx, 1, dest.outcome("").count...)
	}
	return d, ok, err
}
