package otelamqp

import (
	"context"
	"time"

	"github.com/rabbitmq/amqp091-go"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// settled describes a delivery in its settle span.
type settled struct {
	queue, exchange, routingKey string
	messageID, correlationID    string
	creation                    trace.SpanContext
}

// traceSettling replaces the acknowledger of d by one that starts a span for each call, if WithSettleSpans is set.
func (c *Consumer) traceSettling(ctx context.Context, d *amqp091.Delivery, queue, exchange, routingKey string, creation trace.SpanContext) {
	if !c.cfg.settleSpans || d.Acknowledger == nil {
		return
	}
	d.Acknowledger = &settler{
		cfg: c.cfg, ctx: ctx, ack: d.Acknowledger,
		delivery: settled{queue, exchange, routingKey, d.MessageId, d.CorrelationId, creation},
	}
}

// settler is an acknowledger that records spans. They are children of the process span, because Ack takes no context.
type settler struct {
	cfg      *config
	ctx      context.Context
	ack      amqp091.Acknowledger
	delivery settled
}

var _ amqp091.Acknowledger = (*settler)(nil)

func (s *settler) Ack(tag uint64, multiple bool) error {
	return s.settle(opAck, tag, multiple, func() error { return s.ack.Ack(tag, multiple) })
}

func (s *settler) Nack(tag uint64, multiple, requeue bool) error {
	return s.settle(opNack, tag, multiple, func() error { return s.ack.Nack(tag, multiple, requeue) })
}

func (s *settler) Reject(tag uint64, requeue bool) error {
	return s.settle(opReject, tag, false, func() error { return s.ack.Reject(tag, requeue) })
}

func (s *settler) settle(op *operation, tag uint64, multiple bool, do func() error) error {
	dest := s.cfg.destinations.get(op, s.delivery.exchange, s.delivery.routingKey, s.delivery.queue)
	attrs := append(dest.attrs, semconv.MessagingRabbitMQMessageDeliveryTag(int(tag))) //nolint:gosec // the conventions say int
	if !multiple {                                                                     // with multiple, the ids of one message do not describe the others
		attrs = messageAttributes(attrs, s.delivery.messageID, s.delivery.correlationID)
	}
	opts := []trace.SpanStartOption{dest.kind, trace.WithAttributes(attrs...)}
	if s.delivery.creation.IsValid() {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: s.delivery.creation}))
	}
	start := time.Now()
	ctx, span := s.cfg.tracer.Start(s.ctx, dest.spanName, opts...)
	err := do()
	errorType := ErrorType(err)
	elapsed := endSpan(span, start, err, errorType)
	if s.cfg.instruments.operation.Enabled(ctx) {
		s.cfg.instruments.operation.Record(ctx, elapsed.Seconds(), dest.outcome(errorType).operation...)
	}
	return err
}
