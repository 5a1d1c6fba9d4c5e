package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// failing makes a subscription with three dead letters. It succeeds after repair was called.
func failing(t *testing.T, b *brokertest.Bundle) (s broker.Subscription, repair func(), handled *atomic.Int32) {
	t.Helper()
	handled = new(atomic.Int32)
	var repaired atomic.Bool
	s = brokertest.Boxed(func(context.Context, event.Envelope) error {
		if !repaired.Load() {
			return broker.Dead(errors.New("there is no such street"))
		}
		handled.Add(1)
		return nil
	})
	p := b.Publisher(t, b.Apply(t, s))
	b.Consumer(t, s)
	for i := range 3 {
		brokertest.Send(t, p, brokertest.Outgoing(t, fmt.Sprint("o-", i)))
	}
	brokertest.Eventually(t, "three letters are dead", func() bool { return b.Count(t, s.DeadQueue()) == 3 })
	return s, func() { repaired.Store(true) }, handled
}

func TestDeadLettersAreShownAndStay(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s, _, _ := failing(t, b)
	for range 30 { // more often than the default delivery limit of RabbitMQ 4
		letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 10)
		if err != nil || len(letters) != 3 {
			t.Fatalf("%d letters, %v", len(letters), err)
		}
		letter := letters[0]
		if letter.Event != "OrderBoxed" || letter.Version != "v1" || letter.Reason != broker.ReasonPermanent || letter.Error != "there is no such street" ||
			letter.Attempts != 1 || letter.Service != "test" || letter.RoutingKey != "kitchen.order-boxed.v1" || letter.TraceID == "" ||
			letter.FirstSentAt == nil || letter.DiedAt == nil || letter.DiedAt.Before(*letter.FirstSentAt) {
			t.Fatalf("got %+v", letter)
		}
	}
	if some, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 2); err != nil || len(some) != 2 {
		t.Errorf("%d letters, %v", len(some), err)
	}
	counts, err := broker.CountDead(b.Conn(t), topology.Topology{Subscriptions: []topology.Subscription{
		s.Subscription, {Subscriber: "nobody", Event: event.OrderBoxedV1},
	}})
	if err != nil || !slices.Equal(counts, []broker.DeadCount{{Queue: s.Queue(), Messages: 3}, {Queue: "nobody.order-boxed"}}) {
		t.Errorf("got %v, %v", counts, err)
	}
}

func TestARedriveGivesLettersBackToTheirSubscriptionAndIsSeen(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s, repair, handled := failing(t, b)
	repair()
	var redriven []broker.Redriven
	note := func(one broker.Redriven) { redriven = append(redriven, one) }
	for range 2 { // the second time there is nothing left
		if _, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 100}, note); err != nil {
			t.Fatal(err)
		}
	}
	brokertest.Eventually(t, "all are handled", func() bool { return handled.Load() == 3 })
	if len(redriven) != 3 || b.Count(t, s.DeadQueue()) != 0 {
		t.Errorf("redriven %v, %d left", redriven, b.Count(t, s.DeadQueue()))
	}
	brokertest.Eventually(t, "there are two attempts", func() bool { return len(attempts(b, "o-0")) == 2 })
	tries := attempts(b, "o-0")
	var send, redrive tracetree.Span
	for _, span := range b.Memory.Spans() {
		if span.Attributes["traceria.conversation"] != "o-0" && span.Attributes["messaging.message.conversation_id"] != "o-0" {
			continue
		}
		switch span.Name {
		case "send events:kitchen.order-boxed.v1":
			send = span
		case "send delivery.retry:delivery.order-boxed":
			redrive = span
		}
	}
	if redrive.TraceID != send.TraceID || redrive.ParentID != send.SpanID || redrive.Kind != "producer" {
		t.Errorf("the redrive is %+v, want a child of the first send %s", redrive, send.SpanID)
	}
	linked := map[string]bool{}
	for _, link := range redrive.Links {
		linked[link.SpanID] = true
	}
	if len(linked) != 2 || !linked[send.SpanID] || !linked[tries[0].SpanID] {
		t.Errorf("the redrive links to %v, want the first send %s and the failed attempt %s", redrive.Links, send.SpanID, tries[0].SpanID)
	}
	if second := tries[1]; second.ParentID != redrive.SpanID || second.Attributes["traceria.delivery.attempt"] != int64(2) ||
		second.Name != tries[0].Name || second.Attributes["traceria.message.settled"] != "ack" {
		t.Errorf("the attempt after the redrive is %+v", second)
	}
}

func TestALetterThatDiesAgainIsNotRedrivenForEver(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s, _, _ := failing(t, b)
	n := 0
	if _, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 100}, func(broker.Redriven) { n++ }); err != nil || n != 3 {
		t.Errorf("%d redriven, %v", n, err)
	}
	brokertest.Eventually(t, "they are dead again", func() bool { return b.Count(t, s.DeadQueue()) == 3 })
	letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 1)
	if err != nil || letters[0].Attempts != 2 {
		t.Errorf("got %+v, %v", letters, err)
	}
	if _, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 100}, func(broker.Redriven) {}); err != nil {
		t.Fatal(err)
	}
	// Each redrive is a child of the first send and links to it, not to the previous redrive.
	first, redrives := map[string]string{}, 0
	for _, span := range b.Memory.Spans() {
		if span.Name == "send events:kitchen.order-boxed.v1" {
			first[span.TraceID] = span.SpanID
		}
	}
	for _, span := range b.Memory.Spans() {
		if span.Name != "send delivery.retry:delivery.order-boxed" {
			continue
		}
		redrives++
		isFirst := func(link tracetree.Link) bool { return link.SpanID == first[span.TraceID] }
		if len(span.Links) != 2 || !slices.ContainsFunc(span.Links, isFirst) || span.ParentID != first[span.TraceID] {
			t.Errorf("a redrive links to %v and is a child of %s, want the first send %s", span.Links, span.ParentID, first[span.TraceID])
		}
	}
	if redrives != 6 {
		t.Errorf("%d redrives are seen, want 6", redrives)
	}
}

// RabbitMQ dead-letters a message at the delivery limit, and other clients may publish to a dead queue.
func TestLettersOfOthersCanBeShownAndRedriven(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(nil)
	b.Apply(t, s)
	ch := b.Channel(t)
	body := brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1"))
	put := func(message amqp091.Publishing) {
		t.Helper()
		if err := ch.PublishWithContext(t.Context(), s.DeadExchange(), s.Queue(), true, false, message); err != nil {
			t.Fatal(err)
		}
	}
	put(amqp091.Publishing{Body: body, Headers: amqp091.Table{"x-death": []any{amqp091.Table{
		"reason": "delivery_limit", "queue": s.Queue(), "exchange": "events", "routing-keys": []any{"kitchen.order-boxed.v1"}, "count": int64(1),
	}}}})
	put(amqp091.Publishing{Body: []byte("\x1b[31mred"), Headers: amqp091.Table{"traceparent": "nonsense", "traceria-dead-span": int32(7), "traceria-first-sent-at": "once"}})
	brokertest.Eventually(t, "both are there", func() bool { return b.Count(t, s.DeadQueue()) == 2 })
	letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 10)
	if err != nil || len(letters) != 2 {
		t.Fatalf("%v, %v", letters, err)
	}
	if l := letters[0]; l.Reason != "delivery-limit" || l.RoutingKey != "kitchen.order-boxed.v1" || l.ConversationID != "o-1" {
		t.Errorf("got %+v", l)
	}
	if l := letters[1]; l.Reason != "unknown" || l.FirstSentAt != nil {
		t.Errorf("got %+v", l)
	}
	n := 0
	note := func(one broker.Redriven) {
		n++
		if strings.Trim(one.TraceID, "0") == "" {
			t.Errorf("there is no trace %s", one.TraceID)
		}
	}
	if _, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 1}, note); err != nil || n != 1 {
		t.Errorf("%d redriven, %v", n, err)
	}
	if _, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 100}, note); err != nil || n != 2 {
		t.Errorf("%d redriven, %v", n, err)
	}
	brokertest.Eventually(t, "both are in the subscription's queue", func() bool { return b.Count(t, s.Queue()) == 2 })
}

func TestAnInterruptedRedriveLosesNothing(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s, _, _ := failing(t, b)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := broker.Redrive(ctx, b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 100}, func(broker.Redriven) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	brokertest.Eventually(t, "all are dead again", func() bool { return b.Count(t, s.DeadQueue()) == 3 })
	if letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 10); err != nil || len(letters) != 3 || !json.Valid(letters[0].Body) {
		t.Errorf("got %v, %v", letters, err)
	}
}

// RabbitMQ returns letters that were shown a while later. A redrive waits for them.
func TestARedriveWaitsForLettersThatSomebodyHasLookedAt(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s, repair, _ := failing(t, b)
	repair()
	conn, ch := b.Conn(t), b.Channel(t)
	if _, there, err := ch.Get(s.DeadQueue(), false); err != nil || !there {
		t.Fatal(there, err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = ch.Close() })
	n := 0
	if left, err := broker.Redrive(t.Context(), conn, b.Config(), s.Subscription, broker.Selection{Most: 100}, func(broker.Redriven) { n++ }); err != nil || n != 3 || left != 0 {
		t.Errorf("%d redriven, %d left, %v", n, left, err)
	}
}

// A redrive returns the number of letters beyond its limit, and an error when another client holds letters.
func TestARedriveSaysWhatItLeaves(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s, repair, _ := failing(t, b)
	repair()
	if left, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 1}, func(broker.Redriven) {}); err != nil || left != 2 {
		t.Errorf("%d left, %v", left, err)
	}
	ch := b.Channel(t)
	_, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 100}, func(broker.Redriven) {
		if _, there, err := ch.Get(s.DeadQueue(), false); err != nil || !there {
			t.Error(there, err)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "took 1 of 2 letters") {
		t.Errorf("got %v", err)
	}
}

// Indented JSON keeps numbers and members as they are written.
func TestABodyIsShownAsItIs(t *testing.T) {
	t.Parallel()
	if got := (broker.Letter{Body: []byte(`{"z":12345678901234567890,"a":1.10}`)}).Indented(); got != "{\n  \"z\": 12345678901234567890,\n  \"a\": 1.10\n}" {
		t.Errorf("got %s", got)
	}
	if got := (broker.Letter{Body: []byte(`{"z":`)}).Indented(); got != `{"z":` {
		t.Errorf("got %s", got)
	}
}

// RabbitMQ returns many letters a while after it closed the channel. ShowDead waits for them.
func TestWhatWasShownIsBackAtOnce(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(nil)
	b.Apply(t, s)
	const many = 500
	ch := b.Channel(t)
	for range many {
		if err := ch.PublishWithContext(t.Context(), s.DeadExchange(), s.Queue(), true, false, amqp091.Publishing{Body: []byte("no")}); err != nil {
			t.Fatal(err)
		}
	}
	brokertest.Eventually(t, "all are there", func() bool { return b.Count(t, s.DeadQueue()) == many })
	conn := b.Conn(t)
	for range 5 {
		if letters, err := broker.ShowDead(t.Context(), conn, s.Subscription, many); err != nil || len(letters) != many {
			t.Fatalf("%d letters, %v", len(letters), err)
		}
		if found, err := ch.QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil); err != nil || found.Messages != many {
			t.Fatalf("%d letters are back, %v", found.Messages, err)
		}
	}
}
