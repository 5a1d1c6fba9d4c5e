package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker/wire"
	"traceria/services/topology"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// redriveKey is true on the send span of a dead letter that returns to its subscription.
const redriveKey = attribute.Key("traceria.message.redrive")

// Redriven is a dead letter that was returned to its subscription.
type Redriven struct {
	MessageID      string `json:"messageId"`
	ConversationID string `json:"conversationId"`
	// TraceID is the trace of the next attempt.
	TraceID string `json:"traceId"`
}

// Selection says which dead letters [Redrive] returns to their subscription.
type Selection struct {
	// Most is the number of letters that are looked at, the oldest first.
	Most int
	// MessageID, if set, chooses the letters with this message id. Several letters may have it: a message may die twice.
	MessageID string
}

// Redrive returns dead letters to their subscription, the oldest first, and only those that are in the queue when it
// begins. It calls each for every letter. A letter is acked after it was confirmed in the other queue: an interruption loses
// nothing. Letters that are not chosen go back to their places, if all letters were looked at. left is the number of letters
// in the dead queue afterwards. It is an error if other clients hold some of the letters.
//
// The retries of a letter begin anew, in the trace of its first send. The send span links to the first send and to the
// failed attempt.
func Redrive(ctx context.Context, conn *wire.Connection, config Config, s topology.Subscription, which Selection, each func(Redriven)) (left int, err error) {
	ch, err := conn.Channel()
	if err != nil {
		return 0, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }() // after an error it returns what was taken
	publisher, err := otelamqp.NewPublisher(ch, instrumentation(config)...)
	if err != nil {
		return 0, fmt.Errorf("open a publishing channel: %w", err)
	}
	there, err := steady(ctx, ch, s)
	if err != nil {
		return 0, err
	}
	var others []uint64
	for n := range min(which.Most, there) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		d, ok, err := ch.Get(s.DeadQueue(), false)
		switch {
		case err != nil:
			return 0, fmt.Errorf("read %s: %w", s.DeadQueue(), err)
		case !ok:
			return 0, fmt.Errorf("took %d of %d letters: another client holds the others; redrive them later", n, min(which.Most, there))
		case which.MessageID != "" && which.MessageID != d.MessageId:
			others = append(others, d.DeliveryTag)
			continue
		}
		sent, err := redrive(ctx, s, publisher, d)
		if err != nil {
			return 0, fmt.Errorf("redrive %s: %w", sent.MessageID, err)
		}
		if err := d.Ack(false); err != nil {
			return 0, fmt.Errorf("ack the dead letter %s, which is in both queues now: %w", sent.MessageID, err)
		}
		each(sent)
	}
	if err := putBack(ctx, ch, s, others); err != nil {
		return 0, err
	}
	return ready(ch, s)
}

func redrive(ctx context.Context, s topology.Subscription, publisher *otelamqp.Publisher, d amqp091.Delivery) (Redriven, error) {
	e := eventIn(d)
	creation := creationOf(d, e) //nolint:contextcheck // the context is that of the message
	message := republished(d, historyOf(d))
	message.Headers[otelamqp.AttemptHeader] = int64(attemptsOf(d) + 1)
	delete(message.Headers, headerRetries)
	if creation.IsValid() {
		message.Headers[headerFirstSpan] = telemetry.Carry(trace.ContextWithSpanContext(context.Background(), creation))["traceparent"] //nolint:contextcheck // the context is that of the message
	}
	sent := Redriven{MessageID: d.MessageId, ConversationID: conversation(d, e)}
	links := []trace.Link{}
	for _, span := range []trace.SpanContext{failedIn(d), creation} { //nolint:contextcheck // the context is that of the message
		if span.IsValid() {
			links = append(links, trace.Link{SpanContext: span})
		}
	}
	// The message keeps its baggage.
	ctx = telemetry.Resume(ctx, map[string]string{"baggage": wire.Text(d.Headers["baggage"])})
	ctx = trace.ContextWithRemoteSpanContext(telemetry.WithConversation(ctx, sent.ConversationID), creation)
	again := otelamqp.Message{
		Exchange: s.RetryExchange(), RoutingKey: s.Queue(), Mandatory: true, Publishing: message, Links: links,
		Prepare: func(ctx context.Context, _ *amqp091.Publishing) error {
			span := trace.SpanFromContext(ctx)
			span.SetAttributes(telemetry.KindKey.String(telemetry.Event), redriveKey.Bool(true))
			sent.TraceID = span.SpanContext().TraceID().String() // the trace of the first send, if that is known
			return nil
		},
	}
	err := publisher.Publish(ctx, again)
	if errors.Is(err, otelamqp.ErrUnsendable) {
		again.Publishing.Headers = wire.WithoutForeign(again.Publishing.Headers)
		err = publisher.Publish(ctx, again)
	}
	return sent, err
}
