package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// settledKey says what became of the delivery: ack, retry or dead.
const settledKey = attribute.Key("traceria.message.settled")

// handle runs a subscription's handler for one delivery inside its process span and settles it: the ack is the
// last thing inside the span, after the work.
func (c *Consumer) handle(ctx context.Context, s Subscription, d amqp091.Delivery) {
	e, unreadable := event.Decode(d.Body)
	ctx = telemetry.WithConversation(ctx, conversation(d, e))
	if unreadable == nil {
		ctx = event.WithReceipt(ctx, s.Queue(), e)
	}
	var settled error
	err := c.otel.Process(ctx, s.Queue(), d, func(ctx context.Context, d amqp091.Delivery) error {
		err := unreadable
		if err == nil {
			err = protect(ctx, s.Handle, e)
		}
		trace.SpanFromContext(ctx).SetAttributes(settledKey.String(settlement(err)))
		if settlement(err) != settledRetry {
			settled = settle(d, err)
		}
		c.report(ctx, s, err)
		return err
	}, otelamqp.WithStartAttributes(telemetry.KindKey.String(telemetry.Event)),
		otelamqp.WithFallbackCarrier(&e.Metadata))
	if settlement(err) == settledRetry {
		wait(ctx, retryPause) // without it a failing message would come back thousands of times a second
		settled = d.Nack(false, true)
	}
	if settled != nil {
		c.session.log.Warn().Err(settled).Str("queue", s.Queue()).
			Msg("the delivery could not be settled; RabbitMQ will deliver it again")
	}
}

// settle acks what is done and rejects what is dead: RabbitMQ then moves it to the dead letters.
func settle(d amqp091.Delivery, err error) error {
	if err == nil {
		return d.Ack(false)
	}
	return d.Reject(false)
}

// report logs a failure once, here at the boundary.
func (c *Consumer) report(ctx context.Context, s Subscription, err error) {
	if err == nil {
		return
	}
	line := c.session.log.Error().Ctx(ctx).Err(err).Str("queue", s.Queue()).Str("settled", settlement(err))
	if crash, ok := errors.AsType[panicked](err); ok {
		line = line.Bytes("stack", crash.stack)
	}
	line.Msg("event not handled")
}

// panicked is what the panic of a handler becomes. The stack is for the log: in a span's status nobody could read it.
type panicked struct {
	reason any
	stack  []byte
}

func (p panicked) Error() string { return fmt.Sprintf("the handler panicked: %v", p.reason) }

// ErrorType is its error.type on the process span.
func (panicked) ErrorType() string { return "panic" }

// protect turns a panic of a handler into an error: one bad event must not end the service and, with it,
// condemn the others that it had prefetched.
func protect(ctx context.Context, handle Handler, e event.Envelope) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = panicked{reason, debug.Stack()}
		}
	}()
	return handle(ctx, e)
}
