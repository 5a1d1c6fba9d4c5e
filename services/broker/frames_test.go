package broker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/broker/wire"
	"traceria/services/event"
)

// fullFrame is the length of a header named big that fills a frame of 131072 bytes, together with the delivery mode.
const fullFrame = 131072 - 8 - (2 + 2 + 8 + 2) - 4 - (1 + len("big") + 1 + 4) - 1

func nested(depth int) amqp091.Table {
	table := amqp091.Table{"end": "here"}
	for range depth {
		table = amqp091.Table{"in": table}
	}
	return table
}

// hostile are headers that a client can publish. amqp091-go cannot read them, or not with the headers that RabbitMQ adds.
func hostile() map[string]amqp091.Table {
	many := amqp091.Table{}
	for i := range 40 {
		many[fmt.Sprintf("many-%02d", i)] = strings.Repeat("x", 3263)
	}
	return map[string]amqp091.Table{
		"one that fills the frame": {"big": strings.Repeat("x", fullFrame)},
		"many that fill the frame": many,
		"nested too deeply":        {"deep": nested(40), "fine": "yes"},
		"an array too long":        {"long": make([]any, 9000), "fine": "yes"},
	}
}

// put publishes a message to a subscription's queue with plain amqp091-go: [otelamqp.Publisher] refuses such headers.
func put(t *testing.T, b *brokertest.Bundle, s broker.Subscription, body []byte, headers amqp091.Table) {
	t.Helper()
	conn, err := amqp091.Dial(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	sent, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), event.PublicExchange, s.Event.RoutingKey(), true, false,
		amqp091.Publishing{Body: body, Headers: headers, DeliveryMode: amqp091.Persistent})
	if err != nil || !sent.Wait() {
		t.Fatalf("not published: %v", err)
	}
}

// giveBack receives the message and closes the connection, so that it is delivered again.
func giveBack(t *testing.T, b *brokertest.Bundle, s broker.Subscription) {
	t.Helper()
	conn, err := wire.Dial(t.Context(), b.URL, "a consumer that dies")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "the message is there", func() bool {
		_, there, err := ch.Get(s.Queue(), false)
		return err == nil && there
	})
}

// Such a message closes no connection and delays no other message: at its first delivery, at a redelivery, between attempts,
// and as a dead letter.
func TestHeadersThatDoNotGoIntoAFrameHoldUpNobody(t *testing.T) {
	t.Parallel()
	for name, headers := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := brokertest.New(t)
			var attempts, handled atomic.Int32
			var repaired atomic.Bool
			s := brokertest.Boxed(func(context.Context, event.Envelope) error {
				if repaired.Load() {
					handled.Add(1)
					return nil
				}
				if attempts.Add(1) == 1 {
					return errors.New("try again")
				}
				return broker.Dead(errors.New("there is no such street"))
			})
			other := s
			other.Subscriber = "other"
			var others atomic.Int32
			other.Handle = func(context.Context, event.Envelope) error { others.Add(1); return nil }
			p := b.Publisher(t, b.Apply(t, s, other))
			put(t, b, s, brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1")), headers)
			giveBack(t, b, s)
			giveBack(t, b, other)
			b.Consumer(t, s, other)
			brokertest.Send(t, p, brokertest.Outgoing(t, "o-2"))
			brokertest.Eventually(t, "both messages died, and both were handled by the other", func() bool {
				return b.Count(t, s.DeadQueue()) == 2 && others.Load() == 2
			})
			if strings.Contains(b.Log.String(), "connection was closed") {
				t.Errorf("the connection was lost:\n%s", b.Log)
			}
			for range 2 { // showing a letter is a delivery
				letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 10)
				if err != nil || len(letters) != 2 {
					t.Fatalf("%d letters, %v", len(letters), err)
				}
				for _, letter := range letters {
					if (letter.HeadersCut != "") != (letter.FirstSentAt == nil) { // one sender did not set the time
						t.Errorf("first sent at %v", letter.FirstSentAt)
					}
				}
				if all := letters[0].HeadersCut + letters[1].HeadersCut; all == "" || strings.Contains(all, "fine") {
					t.Errorf("headers %q were cut", all)
				}
			}
			repaired.Store(true)
			if _, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 10}, func(broker.Redriven) {}); err != nil {
				t.Fatal(err)
			}
			brokertest.Eventually(t, "both are handled", func() bool { return handled.Load() == 2 && b.Count(t, s.DeadQueue()) == 0 })
		})
	}
}

// deadByRabbitMQ is a subscription with one dead letter of RabbitMQ itself, whose headers fill a frame.
func deadByRabbitMQ(b *brokertest.Bundle, t *testing.T) broker.Subscription {
	t.Helper()
	s := brokertest.Boxed(nil)
	b.Apply(t, s)
	put(t, b, s, []byte("what is this"), hostile()["one that fills the frame"])
	ch := b.Channel(t)
	brokertest.Eventually(t, "it was rejected", func() bool {
		d, there, err := ch.Get(s.Queue(), false)
		return err == nil && there && d.Reject(false) == nil
	})
	brokertest.Eventually(t, "it is dead", func() bool { return b.Count(t, s.DeadQueue()) == 1 })
	return s
}

// A message that RabbitMQ dead-letters also has the header x-death.
func TestADeadLetterWithLargeHeadersCanBeShown(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := deadByRabbitMQ(b, t)
	began := time.Now()
	letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 10)
	if err != nil || len(letters) != 1 || letters[0].Reason != "rejected" || letters[0].HeadersCut != "big" {
		t.Errorf("after %s: %+v, %v", time.Since(began), letters, err)
	}
}
