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

// Seams are the places where somebody may take part in what a service does with RabbitMQ, for instance to break it on
// purpose (package inject). The zero value takes part in nothing. What they are given is theirs until they return.
type Seams struct {
	// Handling stands around each attempt at a message, inside its process span; next is the rest of it: the handler, or
	// the error of a message that cannot be read. What it returns is the attempt's result (see [Handler]).
	Handling func(ctx context.Context, a *Attempt, next func(context.Context) error) error
	// Declining, if true, gives a delivery back to its queue unread: there is no attempt and no process span.
	Declining func(d amqp091.Delivery) bool
	// Sending is asked for each event before its send span starts. ctx has the conversation and the baggage of what caused
	// the event. An event that is sent again is asked for again.
	Sending func(ctx context.Context, d *Departure)
	// Closed, if true, ends the consumer of the queue until it is false. It is asked several times a second.
	Closed func(ctx context.Context, queue string) bool
	// TraceMode is how the process span of a message relates to its send span; ctx has the message's baggage.
	TraceMode func(ctx context.Context) otelamqp.TraceMode
}

// Headers are those of a message, for those who do not talk AMQP themselves.
type Headers = amqp091.Table

// Publishing is a message, for those who do not talk AMQP themselves.
type Publishing = amqp091.Publishing

// Delivery is a message that came, for those who do not talk AMQP themselves.
type Delivery = amqp091.Delivery

// Attempt is one attempt at a message.
type Attempt struct {
	// Queue is the one that it came from.
	Queue string
	// Envelope is what was read. It may be changed before the handler gets it.
	Envelope *event.Envelope
	// Message is the delivery, which is settled by the worker.
	Message amqp091.Delivery
	// Number counts the attempts at the message; the first is 1.
	Number int
	// SentAt is when it was sent, to the nanosecond, or the zero time.
	SentAt time.Time

	acked bool
	cut   func(marks ...attribute.KeyValue)
}

// Ack acks the message now, before its work is done, as a consumer with automatic acks would.
func (a *Attempt) Ack() error {
	a.acked = true
	return a.Message.Ack(false)
}

// Cut breaks the network connection that the message came on, without a word to RabbitMQ. The marks go on the span of the
// reconnection.
func (a *Attempt) Cut(marks ...attribute.KeyValue) { a.cut(marks...) }

// Departure is an event on its way to RabbitMQ.
type Departure struct {
	// Type is what the event is.
	Type event.Type
	// Injected are the names of the failures that were injected before; see [event.Outgoing].
	Injected []string
	// RoutingKey is where it goes; it may be changed.
	RoutingKey string

	// OnContext, if set, is called in the send span when the trace context was written into the event's metadata and the
	// message's headers, and before the event is written into the body. It may change them.
	OnContext func(ctx context.Context, e *event.Envelope, headers amqp091.Table)
	// OnMessage, if set, is called in the send span when the message is whole. An error is the result of the send.
	OnMessage func(ctx context.Context, m *amqp091.Publishing) error
	// OnWay, if set, is called when the message was written and is not confirmed yet.
	OnWay func()

	cut func(marks ...attribute.KeyValue)
}

// Cut is as [Attempt.Cut], of the connection that events are sent on.
func (d *Departure) Cut(marks ...attribute.KeyValue) { d.cut(marks...) }

// requeueError marks an error after which the message is to come again at once.
type requeueError struct{ error }

func (e requeueError) Unwrap() error { return e.error }

// Requeue says that a message is to come again at once, without a back-off. RabbitMQ counts how often, and gives it up at
// the queue's delivery limit (https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling).
func Requeue(err error) error { return requeueError{err} }

// closedLook is how often a consumer is asked whether it is to be closed.
const closedLook = 200 * time.Millisecond

var errClosed = errors.New("the consumer is closed")

// awaitOpen waits until the queue may be consumed, or for the end of ctx.
func (s Seams) awaitOpen(ctx context.Context, queue string) {
	for s.Closed != nil && s.Closed(ctx, queue) && ctx.Err() == nil {
		_ = wait.For(ctx, closedLook)
	}
}

// untilClosed returns a context that ends with errClosed as its cause when the queue is not to be consumed any more.
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
