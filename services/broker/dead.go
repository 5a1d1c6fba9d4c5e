package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// Letter is a dead letter, as its headers and its body tell.
type Letter struct {
	MessageID      string     `json:"messageId"`
	Event          string     `json:"event"`
	Version        string     `json:"version"`
	ConversationID string     `json:"conversationId"`
	Reason         string     `json:"reason"`
	Error          string     `json:"error"`
	Attempts       int        `json:"attempts"`
	Service        string     `json:"service"`
	Exchange       string     `json:"exchange"`
	RoutingKey     string     `json:"routingKey"`
	FirstSentAt    *time.Time `json:"firstSentAt"`
	DiedAt         *time.Time `json:"diedAt"`
	// FailedSpan is the traceparent of the attempt that failed, and TraceID its trace.
	FailedSpan string `json:"failedSpan"`
	TraceID    string `json:"traceId"`
	// HeadersCut are headers that did not go into a frame of AMQP and were left out, separated by commas.
	HeadersCut string `json:"headersCut,omitempty"`
	// Body is the message's body as it is.
	Body []byte `json:"-"`
}

// letterOf reads a message of a dead queue. One that RabbitMQ put there itself, at the delivery limit, has no headers of
// ours: its x-death says why.
func letterOf(d amqp091.Delivery) Letter {
	h := historyOf(d)
	e, _ := event.Decode(d.Body)
	letter := Letter{
		MessageID: d.MessageId, Event: d.Type, Version: e.Metadata.Version, ConversationID: conversation(d, e),
		Reason: text(d.Headers[headerDeadReason]), Error: text(d.Headers[headerDeadError]), Service: text(d.Headers[headerDeadService]),
		Exchange: h.exchange, RoutingKey: h.routingKey, FailedSpan: text(d.Headers[headerDeadSpan]), HeadersCut: text(d.Headers[headerCut]), Body: d.Body,
	}
	letter.Attempts = attemptsOf(d)
	if letter.Event == "" {
		letter.Event = e.Metadata.EventType
	}
	if letter.Reason == "" {
		letter.Reason, letter.Exchange, letter.RoutingKey = brokersReason(d, letter)
	}
	if ns, ok := h.sentAt.(int64); ok {
		at := time.Unix(0, ns).UTC()
		letter.FirstSentAt = &at
	}
	if at, err := time.Parse(time.RFC3339Nano, text(d.Headers[headerDeadAt])); err == nil {
		letter.DiedAt = &at
	}
	if span := failedIn(d); span.IsValid() {
		letter.TraceID = span.TraceID().String()
	} else if span := creationOf(d, e); span.IsValid() {
		letter.TraceID = span.TraceID().String()
	}
	return letter
}

// attemptsOf is how many attempts a dead letter had. What the dead queue counts itself are looks, not attempts.
func attemptsOf(d amqp091.Delivery) int {
	headers := maps.Clone(d.Headers)
	delete(headers, "x-delivery-count")
	return otelamqp.Attempt(&amqp091.Delivery{Headers: headers})
}

func brokersReason(d amqp091.Delivery, l Letter) (reason, exchange, routingKey string) {
	deaths, _ := d.Headers["x-death"].([]any)
	if len(deaths) == 0 {
		return "unknown", l.Exchange, l.RoutingKey
	}
	last, _ := deaths[0].(amqp091.Table)
	exchange = text(last["exchange"])
	if keys, _ := last["routing-keys"].([]any); len(keys) > 0 {
		routingKey = text(keys[0])
	}
	return strings.ReplaceAll(text(last["reason"]), "_", "-"), exchange, routingKey
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return ""
	}
}

// creationOf is the context of the message's first send, from its headers or from its metadata.
func creationOf(d amqp091.Delivery, e event.Envelope) trace.SpanContext {
	if span := spanIn(propagation.MapCarrier{
		"traceparent": text(d.Headers[headerFirstSpan]), "tracestate": text(d.Headers["tracestate"]),
	}); span.IsValid() {
		return span
	}
	if span := spanIn(propagation.MapCarrier{
		"traceparent": text(d.Headers["traceparent"]), "tracestate": text(d.Headers["tracestate"]),
	}); span.IsValid() {
		return span
	}
	return spanIn(&e.Metadata)
}

// failedIn is the attempt in which the letter died.
func failedIn(d amqp091.Delivery) trace.SpanContext {
	return spanIn(propagation.MapCarrier{"traceparent": text(d.Headers[headerDeadSpan])})
}

func spanIn(carrier propagation.TextMapCarrier) trace.SpanContext {
	return trace.SpanContextFromContext(telemetry.W3C.Extract(context.Background(), carrier))
}

// DeadCount is how many dead letters a subscription has.
type DeadCount struct {
	Queue    string `json:"queue"`
	Messages int    `json:"messages"`
}

// IsMissing tells whether an error says that RabbitMQ does not have what was asked for.
func IsMissing(err error) bool { return replyCode(err) == amqp091.NotFound }

// CountDead counts the dead letters of all subscriptions. One that the broker does not know has none.
func (t Topology) CountDead(conn *Connection) ([]DeadCount, error) {
	l := looker{conn: conn}
	defer l.close()
	counts := make([]DeadCount, len(t.Subscriptions))
	for i, s := range t.Subscriptions {
		counts[i].Queue = s.Queue()
		if err := l.look("queue "+s.DeadQueue(), func(ch *amqp091.Channel) error {
			found, err := ch.QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil)
			counts[i].Messages = found.Messages
			return err
		}); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// ShowDead returns the oldest dead letters of a subscription, at most so many, and leaves them where they are.
func (s Subscription) ShowDead(conn *Connection, most int) ([]Letter, error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }() // which gives everything back
	letters := []Letter{}
	for len(letters) < most {
		d, there, err := ch.Get(s.DeadQueue(), false)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.DeadQueue(), err)
		}
		if !there {
			break
		}
		letters = append(letters, letterOf(d))
	}
	return letters, nil
}

// Redriven is a dead letter that went back to its subscription.
type Redriven struct {
	MessageID      string `json:"messageId"`
	ConversationID string `json:"conversationId"`
	// TraceID is the trace in which the next attempt will be seen.
	TraceID string `json:"traceId"`
}

// Redrive gives dead letters back to their subscription, the oldest first, at most so many and only those that are there
// when it begins, and calls each with what went. A letter leaves the dead queue when the broker has it in the other: who is
// interrupted loses nothing, and the inbox makes a second delivery harmless.
//
// Its attempts begin anew, in the trace of its first send. The send span links to the first send and to the attempt that
// failed.
func (s Subscription) Redrive(ctx context.Context, conn *Connection, config Config, most int, each func(Redriven)) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	publisher, err := otelamqp.NewPublisher(ch, instrumentation(config)...)
	if err != nil {
		return fmt.Errorf("open a publishing channel: %w", err)
	}
	there, err := ch.QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("look for %s: %w", s.DeadQueue(), err)
	}
	for range min(most, there.Messages) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d, ok, err := ch.Get(s.DeadQueue(), false)
		if err != nil || !ok {
			return err
		}
		sent, err := s.redrive(ctx, publisher, d)
		if err != nil {
			return errors.Join(fmt.Errorf("redrive %s: %w", sent.MessageID, err), d.Nack(false, true))
		}
		if err := d.Ack(false); err != nil {
			return fmt.Errorf("take %s out of the dead letters, it is in both queues now: %w", sent.MessageID, err)
		}
		each(sent)
	}
	return nil
}

func (s Subscription) redrive(ctx context.Context, publisher *otelamqp.Publisher, d amqp091.Delivery) (Redriven, error) {
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
	ctx = telemetry.Resume(ctx, map[string]string{"baggage": text(d.Headers["baggage"])})
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
		err = publisher.Publish(ctx, withoutForeignHeaders(again))
	}
	return sent, err
}

// Indented returns the body for people: JSON on several lines, anything else as it is.
func (l Letter) Indented() string {
	var value any
	if json.Unmarshal(l.Body, &value) != nil {
		return string(l.Body)
	}
	pretty, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return string(l.Body)
	}
	return string(pretty)
}
