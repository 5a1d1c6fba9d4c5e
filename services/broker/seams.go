package broker

import (
	"context"
	"errors"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"

	"traceria/services/event"
	"traceria/services/wait"
	"traceria/telemetry/otelamqp"
)

// Seams are functions that are called while a service uses RabbitMQ. Package inject injects failures through them. The zero
// value does nothing. Arguments are valid only during the call.
type Seams struct {
	// Handling wraps each attempt at a message, inside its process span. next is the handler, or returns the error of an
	// unreadable message. The result of Handling is the result of the attempt (see [Handler]).
	Handling func(ctx context.Context, a *Attempt, next func(context.Context) error) error
	// Declining, if true, returns a delivery to its queue without an attempt and without a process span.
	Declining func(d amqp091.Delivery) bool
	// Sending is called for each event before its send span starts, and again when the event is sent again. ctx has the
	// conversation and the baggage of the cause of the event.
	Sending func(ctx context.Context, d *Departure)
	// Closed, if true, stops the consumer of the queue until it is false. It is called several times a second.
	Closed func(ctx context.Context, queue string) bool
	// TraceMode is how the process span of a message relates to its send span; ctx has the message's baggage.
	TraceMode func(ctx context.Context) otelamqp.TraceMode
}

// Headers are the headers of a message, for packages that do not import amqp091.
type Headers = amqp091.Table

// Publishing is a message to send, for packages that do not import amqp091.
type Publishing = amqp091.Publishing

// Delivery is a received message, for packages that do not import amqp091.
type Delivery = amqp091.Delivery

// Attempt is one attempt at a message.
type Attempt struct {
	// Queue is the queue of the message.
	Queue string
	// Envelope is the decoded event. A change is seen by the handler.
	Envelope *event.Envelope
	// Message is the delivery. The worker settles it.
	Message amqp091.Delivery
	// Number is the number of the attempt, from 1.
	Number int
	// SentAt is the time of the first send, or the zero time when that is unknown.
	SentAt time.Time

	acked bool
	cut   func(marks ...attribute.KeyValue)
}

// Ack acks the message before its work is done, as a consumer with automatic acks does.
func (a *Attempt) Ack() error {
	a.acked = true
	return a.Message.Ack(false)
}

// Cut closes the network connection of the message, without closing the AMQP connection first. The marks go on the span of
// the reconnection.
func (a *Attempt) Cut(marks ...attribute.KeyValue) { a.cut(marks...) }

// Departure is an event that is about to be sent.
type Departure struct {
	// Type is the type of the event.
	Type event.Type
	// Injected are the keys of the failures that were injected before; see [event.Outgoing].
	Injected []string
	// RoutingKey is the routing key. It may be changed.
	RoutingKey string

	// OnContext, if set, is called in the send span after the trace context was written into metadata and headers, and
	// before the event is written into the body. It may change both.
	OnContext func(ctx context.Context, e *event.Envelope, headers amqp091.Table)
	// OnMessage, if set, is called in the send span with the complete message. An error becomes the result of the send.
	OnMessage func(ctx context.Context, m *amqp091.Publishing) error
	// OnWay, if set, is called after the message was written and before it is confirmed.
	OnWay func()

	cut func(marks ...attribute.KeyValue)
}

// Cut is like [Attempt.Cut], for the connection that events are sent on.
func (d *Departure) Cut(marks ...attribute.KeyValue) { d.cut(marks...) }

// requeueError marks an error after which RabbitMQ delivers the message again at once.
type requeueError struct{ error }

func (e requeueError) Unwrap() error { return e.error }

// Requeue marks err so that RabbitMQ delivers the message again at once, without a back-off. RabbitMQ dead-letters it at the
// delivery limit of the queue (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling).
func Requeue(err error) error { return requeueError{err} }

// closedLook is the interval at which Seams.Closed is called.
const closedLook = 200 * time.Millisecond

var errClosed = errors.New("the consumer is closed")

// awaitOpen waits until the queue may be consumed, or until ctx ends.
func (s Seams) awaitOpen(ctx context.Context, queue string) {
	for s.Closed != nil && s.Closed(ctx, queue) && ctx.Err() == nil {
		_ = wait.For(ctx, closedLook)
	}
}

// untilClosed returns a context that ends with the cause errClosed when the queue must not be consumed any more.
func (s Seams) untilClosed(ctx context.Context, queue string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if s.Closed != nil {
		go func() {
			for ctx.Err() == nil {
				if s.Closed(ctx, queue) {
					cancel(errClosed)
				}
				_ = wait.For(ctx, closedLook)
			}
		}()
	}
	return ctx, func() { cancel(nil) }
}
