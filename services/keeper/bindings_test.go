package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/keeper"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// producer publishes events, keeps them, and publishes them again when it is asked, as an outbox does.
type producer struct {
	p    *broker.Publisher
	mu   sync.Mutex
	sent []event.Outgoing
}

func (p *producer) publish(t *testing.T, one event.Outgoing) {
	t.Helper()
	brokertest.Send(t, p.p, one)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, one)
}

func (p *producer) ask(ctx context.Context, _ string, _ []string, _ time.Duration) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent), errors.Join(p.p.Publish(ctx, p.sent)...)
}

// A binding is deleted while events are published. Another subscriber has a binding for them, so that none is unroutable. The
// services may not declare.
func TestADeletedBindingLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sweep(t)
	var mu sync.Mutex
	arrived := map[string]bool{}
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		mu.Lock()
		defer mu.Unlock()
		arrived[e.Metadata.ConversationID] = true
		return nil
	})
	other := broker.Subscription{Subscription: topology.Subscription{Subscriber: "order", Event: event.OrderBoxedV1}}
	all := broker.TopologyOf([]broker.Subscription{s, other})
	if err := keeper.Apply(h.as(t, "operator"), all); err != nil {
		t.Fatal(err)
	}
	kitchen, delivery := brokertest.At(t, h.url(t, "kitchen")), brokertest.At(t, h.url(t, "delivery"))
	producer := &producer{p: kitchen.Publisher(t, all)}
	c, _ := delivery.Consumer(t, s)
	brokertest.Ready(t, producer.p, c)
	said := make(chan string, 1000)
	keep(t, keeper.Config{
		Topology: fixed(all), URL: h.url(t, "operator"), Ask: producer.ask, Say: func(line string) { said <- line },
		ManagementURL: strings.Replace(h.server.ManagementURL, "guest:guest@", "", 1), // the user of the AMQP URL
	})
	await := func(what string) {
		t.Helper()
		for !strings.Contains(brokertest.Receive(t, said), what) {
		}
	}
	await("has the whole topology (")
	await("publishes again") // the broker is new to the keeper
	// From now on it asks only for what it finds missing.
	ch, err := h.as(t, "operator").Channel()
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	flow := func(orders int) {
		for range orders {
			producer.publish(t, brokertest.Outgoing(t, fmt.Sprint("o-", n.Add(1))))
		}
	}
	flow(10)
	if err := ch.QueueUnbind(s.Queue(), s.Event.RoutingKey(), s.Event.Exchange, nil); err != nil {
		t.Fatal(err)
	}
	flow(20)
	await(`binding of delivery.order-boxed to events by kitchen.order-boxed.v1"], which were missing`)
	flow(10)
	brokertest.Eventually(t, "all events arrive", func() bool { mu.Lock(); defer mu.Unlock(); return len(arrived) == 40 })
}

// There is no management API, it refuses the user, or it belongs to another broker. A deleted binding is declared again all the
// same, and the keeper says what it cannot know.
func TestABindingThatCannotBeSeenIsDeclaredAgain(t *testing.T) {
	t.Parallel()
	shared, err := url.Parse(rabbitmqtest.Shared(t).ManagementURL)
	if err != nil {
		t.Fatal(err)
	}
	stranger := *shared
	stranger.User = url.UserPassword("guest", "wrong-secret")
	another := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[]")) }))
	t.Cleanup(another.Close)
	for name, c := range map[string]struct {
		url  string
		says string
	}{
		"none":           {"", "there is no management API"},
		"no answer":      {"http://guest:wrong-secret@127.0.0.1:1", "connection refused"},
		"refused":        {stranger.String(), "401"},
		"another broker": {another.URL, "another broker"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, a, s := brokertest.New(t), newAsker(), brokertest.Boxed(nil)
			b.Apply(t, s)
			said := make(chan string, 100)
			keep(t, keeper.Config{
				Topology: fixed(broker.TopologyOf([]broker.Subscription{s})), URL: b.URL, ManagementURL: c.url,
				Say: func(line string) { said <- line }, Ask: a.ask,
			})
			wantAsked(t, "a broker that is new", a, s)
			brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
			var line string
			for !strings.HasPrefix(line, "cannot see whether a binding is missing") {
				line = brokertest.Receive(t, said)
			}
			if !strings.Contains(line, c.says) || strings.Contains(line, "secret") {
				t.Errorf("it says %q, want %q", line, c.says)
			}
			ch := b.Channel(t)
			if err := ch.QueueUnbind(s.Queue(), s.Event.RoutingKey(), s.Event.Exchange, nil); err != nil {
				t.Fatal(err)
			}
			brokertest.Eventually(t, "the event finds its queue", func() bool {
				return publish(t, b.Conn(t), s.Event.Exchange, s.Event.RoutingKey(), amqp091.Publishing{}) == nil
			})
			if len(a.news) > 0 {
				t.Errorf("it asks for %v", <-a.news)
			}
		})
	}
}
