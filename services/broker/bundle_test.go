package broker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

const deadline = 60 * time.Second

// bundle is a place on a broker, and what is seen of those who use it.
type bundle struct {
	url    string
	tel    *telemetry.Telemetry
	memory *telemetry.Memory
	log    *lockedBuffer
	sender *broker.Publisher // the first publisher, which the consumers share
	// choices, if set, are how events are written and read.
	choices func(context.Context) event.Choices
	// management, if set, is the management API of the consumers and publishers.
	management string
}

// newBundle is a virtual host of the package's broker.
func newBundle(t *testing.T) *bundle {
	t.Helper()
	return bundleAt(t, rabbitmqtest.Shared(t).VHost(t))
}

func bundleAt(t *testing.T, url string) *bundle {
	t.Helper()
	b := &bundle{url: url, memory: &telemetry.Memory{}, log: &lockedBuffer{}}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "test", Memory: b.memory, LogOutput: b.log})
	if err != nil {
		t.Fatal(err)
	}
	b.tel = tel
	return b
}

func (b *bundle) config() broker.Config {
	return broker.Config{URL: b.url, Service: "test", Telemetry: b.tel, Choices: b.choices, ManagementURL: b.management}
}

// conn is a connection of the test's own.
func (b *bundle) conn(t *testing.T) *amqp091.Connection {
	t.Helper()
	conn, err := broker.Dial(t.Context(), b.url, "the test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (b *bundle) channel(t *testing.T) *amqp091.Channel {
	t.Helper()
	ch, err := b.conn(t).Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func (b *bundle) apply(t *testing.T, subscriptions ...broker.Subscription) broker.Topology {
	t.Helper()
	topology := broker.Topology{Subscriptions: subscriptions}
	if err := topology.Apply(b.conn(t)); err != nil {
		t.Fatal(err)
	}
	return topology
}

// publisher runs until the test ends.
func (b *bundle) publisher(t *testing.T, known broker.Topology) *broker.Publisher {
	t.Helper()
	return b.sending(t, known, broker.Topology{})
}

func (b *bundle) sending(t *testing.T, known, own broker.Topology) *broker.Publisher {
	t.Helper()
	p := broker.NewPublisher(b.config(), known, own)
	until(t, p.Run)
	if b.sender == nil {
		b.sender = p
	}
	return p
}

// consumer runs until the test ends, or until stop, which returns when it has drained.
func (b *bundle) consumer(t *testing.T, subscriptions ...broker.Subscription) (c *broker.Consumer, stop func()) {
	t.Helper()
	if b.sender == nil {
		b.sending(t, broker.Topology{}, broker.Topology{Subscriptions: subscriptions})
	}
	c, err := broker.NewConsumer(b.config(), subscriptions, b.sender)
	if err != nil {
		t.Fatal(err)
	}
	return c, until(t, c.Run)
}

func until(t *testing.T, run func(context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}

// boxed is the subscription that the tests use.
func boxed(handle broker.Handler) broker.Subscription {
	return broker.Subscription{Subscriber: "delivery", Event: event.OrderBoxedV1, Handle: handle}
}

// outgoing is OrderBoxed about the order.
func outgoing(t *testing.T, orderID string) event.Outgoing {
	t.Helper()
	made, err := event.New(t.Context(), "kitchen", orderID, event.OrderBoxed{OrderID: orderID})
	if err != nil {
		t.Fatal(err)
	}
	return event.Outgoing{Envelope: made[0]}
}

func bodyOf(t *testing.T, o event.Outgoing) []byte {
	t.Helper()
	body, err := json.Marshal(o.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// send publishes and wants every event to be taken.
func send(t *testing.T, p *broker.Publisher, batch ...event.Outgoing) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for i, err := range p.Publish(ctx, batch) {
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
}

// put publishes to the queue's exchange by hand, as a client that knows nothing of the envelope would.
func (b *bundle) put(t *testing.T, s broker.Subscription, message amqp091.Publishing) {
	t.Helper()
	ch := b.channel(t)
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	confirm, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), s.Event.Exchange, s.Event.RoutingKey(), true, false, message)
	if err != nil {
		t.Fatal(err)
	}
	if !confirm.Wait() {
		t.Fatal("the broker did not take the message")
	}
}

// take takes a message from a queue, as soon as there is one.
func (b *bundle) take(t *testing.T, queue string) amqp091.Delivery {
	t.Helper()
	ch := b.channel(t)
	var got amqp091.Delivery
	eventually(t, "a message is in "+queue, func() bool {
		d, ok, err := ch.Get(queue, true)
		if err != nil {
			t.Fatal(err)
		}
		got = d
		return ok
	})
	return got
}

// settled waits for a process span with this settlement.
func (b *bundle) settled(t *testing.T, how string) (found tracetree.Span) {
	t.Helper()
	eventually(t, "a delivery is settled with "+how, func() bool {
		for _, span := range b.memory.Spans() {
			if span.Attributes["traceria.message.settled"] == how {
				found = span
				return true
			}
		}
		return false
	})
	return found
}

func ready(t *testing.T, parts ...interface{ Ready() error }) {
	t.Helper()
	for _, part := range parts {
		eventually(t, "it is ready", func() bool { return part.Ready() == nil })
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for end := time.After(deadline); !condition(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("not within %s: %s", deadline, what)
		}
	}
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(deadline):
		t.Fatalf("nothing came within %s", deadline)
		panic("unreachable")
	}
}

// lockedBuffer keeps log lines.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
