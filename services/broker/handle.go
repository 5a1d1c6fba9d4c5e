package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/wait"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// settledKey is what became of a delivery: ack, retry, dead, pause (it is held and tried again) or requeue (RabbitMQ delivers
// it again at once).
const settledKey = attribute.Key("traceria.message.settled")

// handle works on one delivery until it is settled. No attempt begins after beginning ended. working is the context of the
// handler.
func (w *worker) handle(beginning, working context.Context, d amqp091.Delivery) {
	if declining := w.session.config.Seams.Declining; declining != nil && declining(d) {
		_ = d.Nack(false, true) // it fails when the connection is lost, and RabbitMQ has the delivery back then, too
		return
	}
	for {
		if err := w.pauser.hold(beginning); err != nil {
			w.pauser.release()
			return // RabbitMQ delivers it again
		}
		if w.attempt(working, d) != pause {
			return
		}
	}
}

// attempt calls the handler inside a process span, and settles the delivery before the span ends.
func (w *worker) attempt(ctx context.Context, d amqp091.Delivery) outcome {
	e, unreadable := w.subscription.read(d)
	e.Unguarded = w.session.config.choices(ctx).Unguarded
	if e.Metadata.EventDate.IsZero() {
		e.Metadata.EventDate = event.Date{Time: dateOf(d)}
	}
	ctx = telemetry.WithConversation(ctx, conversation(d, e))
	if unreadable == nil {
		ctx = event.WithReceipt(ctx, w.subscription.Queue(), e)
	}
	history := historyOf(d)
	var result outcome
	_ = w.otel.Process(ctx, w.subscription.Queue(), d, func(ctx context.Context, d amqp091.Delivery) error {
		if typ, err := event.Lookup(e.Metadata.EventType, e.Metadata.Version); err == nil && typ.Deprecated() {
			trace.SpanFromContext(ctx).SetAttributes(deprecatedKey.Bool(true))
		}
		telemetry.NoteBaggage(ctx, cmp.Or(wire.Text(d.Headers["baggage"]), e.Metadata.Baggage))
		if e.Cloud != nil {
			trace.SpanFromContext(ctx).SetAttributes(cloudAttributes(e)...)
		}
		a := &Attempt{
			Queue: w.subscription.Queue(), Envelope: &e, Message: d, Number: history.attempt, SentAt: history.sent(), cut: w.session.cut,
		}
		err := w.handling(ctx, a, unreadable)
		result = outcomeOf(ctx, err)
		if result == retry && history.retries >= len(w.subscription.Delays()) {
			result = dead
			err = fmt.Errorf("attempt %d, the last: %w", history.attempt, err)
		}
		if text := result.String(); text != "" {
			trace.SpanFromContext(ctx).SetAttributes(settledKey.String(text))
		}
		w.report(ctx, result, err)
		w.meters.handled(ctx, result, history)
		if a.acked {
			w.goesOn()
			w.meters.moved(ctx, done, history, nil)
			return err
		}
		w.settle(ctx, d, history, result, err)
		return err
	}, otelamqp.WithStartAttributes(telemetry.KindKey.String(telemetry.Event)),
		otelamqp.WithFallbackCarrier(&e.Metadata), otelamqp.WithFirstDestination(history.exchange, history.routingKey))
	return result
}

// handling calls the handler inside the seam Handling. An unreadable message has its error instead of a handler.
func (w *worker) handling(ctx context.Context, a *Attempt, unreadable error) error {
	handle := func(ctx context.Context) error {
		if unreadable != nil {
			return unreadable
		}
		return protect(ctx, w.subscription.Handle, *a.Envelope)
	}
	if around := w.session.config.Seams.Handling; around != nil {
		return around(ctx, a, handle)
	}
	return handle(ctx)
}

// dateOf replaces the date of an event that has none: it is the timestamp of the message, or now. AMQP's timestamp has seconds.
// Some clients send milliseconds, which is a date that cannot be stored.
func dateOf(d amqp091.Delivery) time.Time {
	if d.Timestamp.IsZero() || (event.Date{Time: d.Timestamp}).Check() != nil {
		return time.Now().UTC()
	}
	return d.Timestamp.UTC()
}

// settle acks or moves the delivery as the outcome requires, and pauses or resumes the subscription.
func (w *worker) settle(ctx context.Context, d amqp091.Delivery, h history, result outcome, err error) {
	switch result {
	case pause:
		w.held(err)
		return
	case interrupted:
		w.pauser.release()
		return
	case done, retry, dead, requeue:
		w.goesOn()
	}
	var settled error
	switch result {
	case retry:
		result, settled = w.moveThenAck(ctx, d, w.subscription.retryMessage(d, h), retry)
	case dead:
		result, settled = w.moveThenAck(ctx, d, w.subscription.deadMessage(ctx, d, h, w.session.config.Service, err), dead)
	case requeue:
		settled = d.Reject(true) // basic.nack is not counted towards the delivery limit since RabbitMQ 4.3
	default:
		settled = d.Ack(false)
	}
	if settled != nil {
		w.session.log.Warn().Ctx(ctx).Err(settled).Str("queue", w.subscription.Queue()).
			Msg("the delivery could not be settled; RabbitMQ delivers it again")
		return
	}
	w.meters.moved(ctx, result, h, err)
}

// moveThenAck publishes the message to another queue, and acks it after the confirm: in between it is in both queues. When
// its headers have no room for ours, it is sent without the headers of others. A message that cannot be sent at all is
// rejected, and RabbitMQ makes it a dead letter. When the move fails for now, the message returns to its queue. The result is what
// became of the message: moved, or dead.
func (w *worker) moveThenAck(ctx context.Context, d amqp091.Delivery, message otelamqp.Message, moved outcome) (outcome, error) {
	if w.channel.IsClosed() { // RabbitMQ delivers it again: a copy in another queue would be a second one
		return moved, amqp091.ErrClosed
	}
	err := w.publisher.Move(ctx, message)
	if errors.Is(err, otelamqp.ErrUnsendable) {
		message.Publishing.Headers = wire.WithoutForeign(message.Publishing.Headers)
		err = w.publisher.Move(ctx, message)
	}
	if err == nil {
		return moved, d.Ack(false)
	}
	if errors.Is(err, otelamqp.ErrUnsendable) {
		w.session.log.Warn().Ctx(ctx).Err(err).Str("queue", w.subscription.Queue()).
			Msg("the delivery cannot be published again; RabbitMQ makes it a dead letter")
		return dead, d.Reject(false)
	}
	if !errors.Is(err, event.ErrBrokerAway) {
		_ = wait.For(ctx, giveBackPause) // without a pause it would return thousands of times a second
	}
	return moved, errors.Join(err, d.Nack(false, true))
}

func (w *worker) held(err error) {
	if w.pauser.pause() {
		w.session.log.Warn().Err(err).Str("queue", w.subscription.Queue()).Msg("the subscription waits")
	}
}

func (w *worker) goesOn() {
	if w.pauser.resume() {
		w.session.log.Info().Str("queue", w.subscription.Queue()).Msg("the subscription goes on")
	}
}

// report logs a failed attempt. Nothing else logs it.
func (w *worker) report(ctx context.Context, result outcome, err error) {
	if result != retry && result != dead && result != requeue {
		return
	}
	line := w.session.log.Error().Ctx(ctx).Str("error", wire.Shortened(err.Error())).
		Str("queue", w.subscription.Queue()).Str("settled", result.String())
	if crash, ok := errors.AsType[panicked](err); ok {
		line = line.Bytes("stack", crash.stack)
	}
	line.Msg("event not handled")
}

// panicked is the error of a handler that panicked. The stack is for the log: it is too long for the status of a span.
type panicked struct {
	reason any
	stack  []byte
}

func (p panicked) Error() string { return fmt.Sprintf("the handler panicked: %v", p.reason) }

// ErrorType is the error.type on the process span.
func (panicked) ErrorType() string { return "panic" }

// protect turns a panic of a handler into an error: it would end the service, and count as a failed delivery for all
// prefetched messages.
func protect(ctx context.Context, handle Handler, e event.Envelope) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = panicked{reason, debug.Stack()}
		}
	}()
	return handle(ctx, e)
}
