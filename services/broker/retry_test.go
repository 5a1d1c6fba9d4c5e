package broker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// attempts are the process spans of a conversation in the order of their start.
func attempts(b *brokertest.Bundle, conversation string) []tracetree.Span {
	var found []tracetree.Span
	for _, span := range b.Memory.Spans() {
		if span.Kind == "consumer" && span.Attributes["traceria.conversation"] == conversation {
			found = append(found, span)
		}
	}
	slices.SortFunc(found, func(a, b tracetree.Span) int { return a.Start.Compare(b.Start) })
	return found
}

func TestAMessageIsTriedFourTimesWithBackOffAndThenIsDead(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(alwaysFails)
	s.BackOff = []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}
	p := b.Publisher(t, b.Apply(t, s))
	b.Consumer(t, s)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	letter := b.Take(t, s.DeadQueue())
	brokertest.Eventually(t, "there are four attempts", func() bool { return len(attempts(b, "o-1")) == 4 })
	first := sendSpan(b, t, s)
	for i, span := range attempts(b, "o-1") {
		settled := "retry"
		if i == 3 {
			settled = "dead"
		}
		if span.Name != "process events:kitchen.order-boxed.v1:delivery.order-boxed" ||
			span.Attributes["traceria.delivery.attempt"] != int64(i+1) || span.Attributes["traceria.message.settled"] != settled ||
			span.ParentID != first.SpanID || span.TraceID != first.TraceID {
			t.Errorf("attempt %d is %s %v, child of %s, want of %s", i+1, span.Name, span.Attributes, span.ParentID, first.SpanID)
		}
		if len(span.Links) != 1 || span.Links[0].SpanID != first.SpanID {
			t.Errorf("attempt %d links to %v, want the first send", i+1, span.Links)
		}
	}
	deadLetter(b, t, letter, first)
	if wait, _ := attempts(b, "o-1")[1].Attributes["traceria.queue.wait_ms"].(int64); wait < 50 || wait > 30_000 {
		t.Errorf("the second attempt waited %d ms, want its back-off of 50 ms or somewhat more", wait)
	}
}

func sendSpan(b *brokertest.Bundle, t *testing.T, s broker.Subscription) tracetree.Span {
	t.Helper()
	for _, span := range b.Memory.Spans() {
		if span.Name == "send "+s.Event.Exchange+":"+s.Event.RoutingKey() {
			return span
		}
	}
	t.Fatal("there is no send span")
	panic("unreachable")
}

func deadLetter(b *brokertest.Bundle, t *testing.T, letter amqp091.Delivery, first tracetree.Span) {
	t.Helper()
	h := letter.Headers
	want := map[string]any{
		"traceria-attempt": int64(4), "traceria-dead-reason": broker.ReasonUsedUp, "traceria-dead-service": "test",
		"traceria-dead-error": "attempt 4, the last: the car does not start", "traceria-first-exchange": "events",
		"traceria-first-routing-key": "kitchen.order-boxed.v1",
	}
	for name, value := range want {
		if h[name] != value {
			t.Errorf("header %s is %v, want %v", name, h[name], value)
		}
	}
	last := attempts(b, "o-1")[3]
	if traceparent := fmt.Sprintf("00-%s-%s-01", last.TraceID, last.SpanID); h["traceria-dead-span"] != traceparent {
		t.Errorf("it died in %v, want %s", h["traceria-dead-span"], traceparent)
	}
	if traceparent := fmt.Sprintf("00-%s-%s-01", first.TraceID, first.SpanID); h["traceparent"] != traceparent {
		t.Errorf("its context is %v, want that of the first send %s", h["traceparent"], traceparent)
	}
	if at, ok := h["traceria-first-sent-at"].(int64); !ok || time.Since(time.Unix(0, at)) > time.Minute {
		t.Errorf("it was first sent at %v", h["traceria-first-sent-at"])
	}
	brokertest.Eventually(t, "the send to the dead letters is under the last attempt", func() bool {
		return slices.ContainsFunc(b.Memory.Spans(), func(span tracetree.Span) bool {
			return span.Name == "send delivery.dead:delivery.order-boxed" && span.ParentID == last.SpanID
		})
	})
}

func TestAPoisonMessageDoesNotBlockTheOnesBehindIt(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var handled atomic.Int32
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		if e.Metadata.ConversationID == "poison" {
			return errors.New("poison")
		}
		handled.Add(1)
		return nil
	})
	s.Gate = oneAtATime()
	s.BackOff = []time.Duration{time.Hour}
	p := b.Publisher(t, b.Apply(t, s))
	b.Consumer(t, s)
	batch := []event.Outgoing{brokertest.Outgoing(t, "poison")}
	for i := range 50 {
		batch = append(batch, brokertest.Outgoing(t, fmt.Sprint("o-", i)))
	}
	brokertest.Send(t, p, batch...)
	brokertest.Eventually(t, "all others were handled", func() bool { return handled.Load() == 50 })
}

type gate chan struct{}

func oneAtATime() gate { return make(gate, 1) }

func (g gate) Acquire(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) Release() { <-g }

// While a database or a peer is unavailable, no attempt is spent, no message becomes a dead letter, and few tries are made.
func TestASubscriptionWaitsForWhatIsAway(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]error{
		"marked by the handler": broker.Pause(errors.New("the peer does not answer")),
		"marked by the store":   fmt.Errorf("write: %w", event.ErrUnavailable),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := brokertest.New(t)
			var tries, handled atomic.Int32
			var back atomic.Bool
			s := brokertest.Boxed(func(context.Context, event.Envelope) error {
				if !back.Load() {
					tries.Add(1)
					return away
				}
				handled.Add(1)
				return nil
			})
			s.BackOff = []time.Duration{time.Millisecond}
			p := b.Publisher(t, b.Apply(t, s))
			b.Consumer(t, s)
			var batch []event.Outgoing
			for i := range 100 {
				batch = append(batch, brokertest.Outgoing(t, fmt.Sprint("o-", i)))
			}
			brokertest.Send(t, p, batch...)
			brokertest.Eventually(t, "several tries failed", func() bool { return tries.Load() >= 4 })
			back.Store(true)
			brokertest.Eventually(t, "all are handled", func() bool { return handled.Load() == 100 })
			for _, span := range b.Memory.Spans() {
				if span.Kind == "consumer" && span.Attributes["traceria.delivery.attempt"] != int64(1) {
					t.Fatalf("an attempt was spent: %v", span.Attributes)
				}
			}
			if queue, err := b.Channel(t).QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil); err != nil || queue.Messages != 0 {
				t.Errorf("%d dead letters, %v", queue.Messages, err)
			}
			if n := lines(b.Log.String(), "the subscription waits"); n != 1 {
				t.Errorf("the wait is said %d times", n)
			}
		})
	}
}

// A message has properties and headers that RabbitMQ interprets, and values that are easy to copy wrongly.
func TestARetryKeepsTheMessageAndDropsWhatRabbitMQWouldActOn(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var failed sync.Once
	s := brokertest.Boxed(func(context.Context, event.Envelope) (err error) {
		failed.Do(func() { err = errors.New("once") })
		if err == nil {
			err = broker.Dead(errors.New("enough"))
		}
		return err
	})
	s.BackOff = []time.Duration{20 * time.Millisecond}
	other := broker.Subscription{Subscription: topology.Subscription{Subscriber: "loyalty", Event: event.OrderBoxedV1}}
	b.Apply(t, s, other)
	message := amqp091.Publishing{
		Body: brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1")), ContentType: "application/json", CorrelationId: "o-1", Type: "OrderBoxed", AppId: "kitchen",
		MessageId: "m-1", ReplyTo: "nobody", Expiration: "60000", UserId: "guest", Priority: 3, Timestamp: time.Unix(1_700_000_000, 0),
		Headers: amqp091.Table{
			"CC": []any{"loyalty.order-boxed"}, "x-death": "nonsense", "traceria-retry": "many", "traceria-attempt": "first",
			"n": int8(1), "list": []any{"a", int32(2), amqp091.Table{"t": true}}, "when": time.Unix(1_700_000_000, 0), "none": nil, "bytes": []byte{0, 1},
		},
	}
	b.Put(t, s, message)
	b.Consumer(t, s)
	got := b.Take(t, s.DeadQueue())
	for name := range got.Headers {
		if name == "CC" || name == "x-death" {
			t.Errorf("header %s is %v", name, got.Headers[name])
		}
	}
	for _, name := range []string{"n", "list", "when", "none", "bytes"} {
		if diff := cmp.Diff(message.Headers[name], got.Headers[name]); diff != "" {
			t.Errorf("header %s (-want +got)\n%s", name, diff)
		}
	}
	if got.Headers["traceria-attempt"] != int64(2) || got.Expiration != "" || got.UserId != "" {
		t.Errorf("attempt %v, expiration %q, user %q", got.Headers["traceria-attempt"], got.Expiration, got.UserId)
	}
	if string(got.Body) != string(message.Body) || got.MessageId != "m-1" || got.CorrelationId != "o-1" || got.Type != "OrderBoxed" ||
		got.AppId != "kitchen" || got.ReplyTo != "nobody" || got.ContentType != "application/json" || !got.Timestamp.Equal(message.Timestamp) {
		t.Errorf("the message is %+v", got)
	}
	if queue, err := b.Channel(t).QueueDeclarePassive(other.Queue(), true, false, false, false, nil); err != nil || queue.Messages != 1 {
		t.Errorf("the other subscriber has %d messages, want the first one only; %v", queue.Messages, err)
	}
}

func TestAnEventOfAnotherTypeOrVersionIsUnreadable(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(func(context.Context, event.Envelope) error { t.Error("it was handled"); return nil })
	b.Apply(t, s)
	forged := brokertest.Outgoing(t, "o-1")
	forged.Envelope.Metadata.Version = "v2"
	b.Put(t, s, amqp091.Publishing{Body: brokertest.BodyOf(t, forged)})
	b.Consumer(t, s)
	if letter := b.Take(t, s.DeadQueue()); letter.Headers["traceria-dead-error"] != "unreadable event: got OrderBoxed v2, want OrderBoxed v1" {
		t.Errorf("got %v", letter.Headers)
	}
}

func alwaysFails(context.Context, event.Envelope) error { return errors.New("the car does not start") }

func headed(body []byte, name string, value any) amqp091.Publishing {
	return amqp091.Publishing{Body: body, Headers: amqp091.Table{name: value}}
}

func TestAnEventWithoutADateHasThatOfItsMessage(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	dates := make(chan time.Time, 1)
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error { dates <- e.Metadata.EventDate.Time; return nil })
	b.Apply(t, s)
	sent := time.Unix(1_700_000_000, 0)
	body := []byte(`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"e-1"},"data":{"orderId":"o-1"}}`)
	b.Put(t, s, amqp091.Publishing{Body: body, Timestamp: sent})
	b.Consumer(t, s)
	if got := brokertest.Receive(t, dates); !got.Equal(sent) {
		t.Errorf("got %s, want %s", got, sent)
	}
	for _, timestamp := range []time.Time{{}, time.Unix(1_700_000_000_000, 0)} { // none, and milliseconds instead of seconds
		b.Put(t, s, amqp091.Publishing{Body: body, Timestamp: timestamp})
		if got := brokertest.Receive(t, dates); time.Since(got).Abs() > time.Minute {
			t.Errorf("got %s, want about now", got)
		}
	}
}

// A message whose headers fill the frame cannot be republished with our headers.
func TestAMessageWithoutRoomForOurHeadersIsDeadAllTheSame(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(alwaysFails)
	b.Apply(t, s)
	b.Put(t, s, headed(brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1")), "big", strings.Repeat("x", 130_900)))
	b.Consumer(t, s)
	brokertest.Eventually(t, "it is dead", func() bool { return b.Count(t, s.DeadQueue()) == 1 })
}

// A publisher can have a message copied to another routing key (https://www.rabbitmq.com/docs/sender-selected).
func TestACopyToAnotherRoutingKeyIsNotTakenForTheEvent(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"CC", "BCC"} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			b := brokertest.New(t)
			s := brokertest.Boxed(func(context.Context, event.Envelope) error { t.Error("it was handled"); return nil })
			loyalty := broker.Subscription{Subscription: topology.Subscription{Subscriber: "order", Event: event.LoyaltyPointsEarnedV1}}
			b.Apply(t, s, loyalty)
			b.Put(t, loyalty, headed(brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1")), header, []any{s.Event.RoutingKey()}))
			b.Consumer(t, s)
			if letter := b.Take(t, s.DeadQueue()); !strings.Contains(fmt.Sprint(letter.Headers["traceria-dead-error"]), "loyalty.loyalty-points-earned.v1") {
				t.Errorf("got %v", letter.Headers)
			}
		})
	}
}

// A message has had more retries than there are delays, because the configuration changed. It becomes a dead letter at its next
// failure.
func TestASubscriptionWithFewerDelaysThanBefore(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(alwaysFails)
	s.BackOff = []time.Duration{}
	b.Apply(t, s)
	message := brokertest.Outgoing(t, "o-1")
	b.Put(t, s, headed(brokertest.BodyOf(t, message), "traceria-retry", int64(3)))
	b.Put(t, s, headed(brokertest.BodyOf(t, message), "traceria-retry", int64(1)<<40))
	b.Consumer(t, s)
	brokertest.Eventually(t, "both are dead", func() bool { return b.Count(t, s.DeadQueue()) == 2 })
}
