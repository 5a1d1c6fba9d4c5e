package broker

import (
	"bytes"
	"context"
	"encoding/json"
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

// Indented returns the body for people: JSON on several lines with its members and numbers as they are written, anything
// else as it is.
func (l Letter) Indented() string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, l.Body, "", "  ") != nil {
		return string(l.Body)
	}
	return pretty.String()
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

const (
	// giveBackMost is how long RabbitMQ may take to have back what a closed channel held: it counts only what nobody holds.
	giveBackMost = 2 * time.Second
	// quietFor is how long a count must stay the same to be believed.
	quietFor = 300 * time.Millisecond
	// countEvery is how often it is counted meanwhile.
	countEvery = 20 * time.Millisecond
)

// ShowDead returns the oldest dead letters of a subscription, at most so many, and leaves them where they are. It returns
// when RabbitMQ has them back, so that a redrive after it finds them.
func (s Subscription) ShowDead(ctx context.Context, conn *Connection, most int) ([]Letter, error) {
	letters, total, err := s.look(conn, most) //nolint:contextcheck // the spans are those of the messages
	if err != nil {
		return nil, err
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	for end := time.Now().Add(giveBackMost); ctx.Err() == nil && time.Now().Before(end); wait(ctx, countEvery) {
		if n, err := s.ready(ch); err != nil || n >= total {
			return letters, err
		}
	}
	return letters, nil // somebody else takes them out meanwhile
}

// look reads letters on a channel that is closed then, which gives them back. total is how many there are.
func (s Subscription) look(conn *Connection, most int) (letters []Letter, total int, err error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, 0, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	letters = []Letter{}
	for len(letters) < most {
		d, there, err := ch.Get(s.DeadQueue(), false)
		if err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", s.DeadQueue(), err)
		}
		if !there {
			break
		}
		letters = append(letters, letterOf(d))
	}
	others, err := s.ready(ch)
	return letters, len(letters) + others, err
}

// ready is how many letters the dead queue has that nobody holds.
func (s Subscription) ready(ch *amqp091.Channel) (int, error) {
	there, err := ch.QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil)
	if err != nil {
		return 0, fmt.Errorf("look for %s: %w", s.DeadQueue(), err)
	}
	return there.Messages, nil
}

// steady is how many letters the dead queue has once that number stays the same: who has just looked at some gives them
// back late.
func (s Subscription) steady(ctx context.Context, ch *amqp091.Channel) (int, error) {
	n, err := s.ready(ch)
	since := time.Now()
	for end := since.Add(giveBackMost); err == nil && time.Since(since) < quietFor && time.Now().Before(end) && ctx.Err() == nil; {
		wait(ctx, countEvery)
		var now int
		if now, err = s.ready(ch); now != n {
			n, since = now, time.Now()
		}
	}
	return n, err
}
