package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// redriveKey is true on the send span of a dead letter that returns to its subscription.
const redriveKey = attribute.Key("traceria.message.redrive")

// Redriven is a dead letter that went back to its subscription.
type Redriven struct {
	MessageID      string `json:"messageId"`
	ConversationID string `json:"conversationId"`
	// TraceID is the trace in which the next attempt will be seen.
	TraceID string `json:"traceId"`
}

// Redrive gives dead letters back to their subscription, the oldest first, at most so many and only those that are there
// when it begins, and calls each with what went. A letter leaves the dead queue when the broker has it in the other: who is
// interrupted loses nothing, and the inbox makes a second delivery harmless. It returns how many letters can be taken out
// of the dead queue after that, some of which may have died again; that it found fewer than were there is an error.
//
// Its attempts begin anew, in the trace of its first send. The send span links to the first send and to the attempt that
// failed.
func Redrive(ctx context.Context, conn *wire.Connection, config Config, s topology.Subscription, most int, each func(Redriven)) (left int, err error) {
	ch, err := conn.Channel()
	if err != nil {
		return 0, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	publisher, err := otelamqp.NewPublisher(ch, instrumentation(config)...)
	if err != nil {
		return 0, fmt.Errorf("open a publishing channel: %w", err)
	}
	there, err := steady(ctx, ch, s)
	if err != nil {
		return 0, err
	}
	wanted := min(most, there)
	for n := range wanted {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		d, ok, err := ch.Get(s.DeadQueue(), false)
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", s.DeadQueue(), err)
		}
		if !ok {
			return 0, fmt.Errorf("took %d of %d letters: somebody else has the others in hand; what stays can be redriven later", n, wanted)
		}
		sent, err := redrive(ctx, s, publisher, d)
		if err != nil {
			return 0, errors.Join(fmt.Errorf("redrive %s: %w", sent.MessageID, err), d.Nack(false, true))
		}
		if err := d.Ack(false); err != nil {
			return 0, fmt.Errorf("take %s out of the dead letters, it is in both queues now: %w", sent.MessageID, err)
		}
		each(sent)
	}
	return ready(ch, s)
}

func redrive(ctx context.Context, s topology.Subscription, publisher *otelamqp.Publisher, d amqp091.Delivery) (Redriven, error) {
	e, _ := event.Decode(d.Body)
	creation := creationOf(d, e) //nolint:contextcheck // not of this call: of the message
	message := republished(d, historyOf(d))
	message.Headers[otelamqp.AttemptHeader] = int64(attemptsOf(d) + 1)
	delete(message.Headers, headerRetries)
	if creation.IsValid() {
		message.Headers[headerFirstSpan] = telemetry.Carry(trace.ContextWithSpanContext(context.Background(), creation))["traceparent"] //nolint:contextcheck // of the message
	}
	sent := Redriven{MessageID: d.MessageId, ConversationID: conversation(d, e)}
	links := []trace.Link{}
	for _, span := range []trace.SpanContext{failedIn(d), creation} { //nolint:contextcheck // not of this call: of the message
		if span.IsValid() {
			links = append(links, trace.Link{SpanContext: span})
		}
	}
	// The baggage goes with the message, as before.
	ctx = telemetry.Resume(ctx, map[string]string{"baggage": wire.Text(d.Headers["baggage"])})
	ctx = trace.ContextWithRemoteSpanContext(telemetry.WithConversation(ctx, sent.ConversationID), creation)
	again := otelamqp.Message{
		Exchange: s.RetryExchange(), RoutingKey: s.Queue(), Mandatory: true, Publishing: message, Links: links,
		Prepare: func(ctx context.Context, _ *amqp091.Publishing) error {
			span := trace.SpanFromContext(ctx)
			span.SetAttributes(telemetry.KindKey.String(telemetry.Event), redriveKey.Bool(true))
			sent.TraceID = span.SpanContext().TraceID().String() // of the first send, unless that is not known
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
