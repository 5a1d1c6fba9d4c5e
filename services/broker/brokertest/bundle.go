// Package brokertest is the harness of the tests that need a broker: a virtual host, publishers and consumers on it, and
// what is seen of them.
package brokertest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/keeper"
	"traceria/services/topology"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// Deadline is how long a test waits for something that must happen.
const Deadline = 60 * time.Second

// Bundle is a virtual host on a broker, and the telemetry of the publishers and consumers that the test runs there.
type Bundle struct {
	URL       string
	Telemetry *telemetry.Telemetry
	Memory    *telemetry.Memory
	Log       *Log
	// Sender is the first publisher. Consumers share it.
	Sender *broker.Publisher
	// Choices, if set, are the forms in which events are written and read.
	Choices func(context.Context) event.Choices
}

// New makes a virtual host on the package's shared broker.
func New(t *testing.T) *Bundle {
	t.Helper()
	return At(t, rabbitmqtest.Shared(t).VHost(t))
}

// At is the bundle of an existing virtual host.
func At(t *testing.T, url string) *Bundle {
	t.Helper()
	b := &Bundle{URL: url, Memory: &telemetry.Memory{}, Log: &Log{}}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "test", Memory: b.Memory, LogOutput: b.Log})
	if err != nil {
		t.Fatal(err)
	}
	b.Telemetry = tel
	return b
}

// Config is the configuration of the publishers and consumers.
func (b *Bundle) Config() broker.Config {
	return broker.Config{URL: b.URL, Service: "test", Telemetry: b.Telemetry, Choices: b.Choices}
}

// Conn is a connection of the test's own.
func (b *Bundle) Conn(t *testing.T) *wire.Connection {
	t.Helper()
	conn, err := wire.Dial(t.Context(), b.URL, "the test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Channel is a channel on a connection of its own.
func (b *Bundle) Channel(t *testing.T) *amqp091.Channel {
	t.Helper()
	ch, err := b.Conn(t).Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// Apply declares what the subscriptions need, and returns it.
func (b *Bundle) Apply(t *testing.T, subscriptions ...broker.Subscription) topology.Topology {
	t.Helper()
	conn, err := wire.Dial(t.Context(), b.URL, "the test")
	if err != nil {
		t.Fatal(err)
	}
	defer wire.Close(conn)
	all := broker.TopologyOf(subscriptions)
	if err := keeper.Apply(conn, all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Keep runs a keeper of the topology until the test ends, as `traceria all` does.
func (b *Bundle) Keep(t *testing.T, all topology.Topology) {
	t.Helper()
	config := keeper.Config{
		Topology: func() topology.Topology { return all }, URL: b.URL, ManagementURL: rabbitmqtest.Shared(t).ManagementURL,
	}
	Until(t, func(ctx context.Context) { keeper.Run(ctx, config) })
}

// Publisher runs a publisher until the test ends.
func (b *Bundle) Publisher(t *testing.T, known topology.Topology) *broker.Publisher {
	t.Helper()
	return b.Sending(t, known, topology.Topology{})
}

// Sending is like [Bundle.Publisher], for a service with a topology of its own.
func (b *Bundle) Sending(t *testing.T, known, own topology.Topology) *broker.Publisher {
	t.Helper()
	p := broker.NewPublisher(b.Config(), known, own)
	Until(t, p.Run)
	if b.Sender == nil {
		b.Sender = p
	}
	return p
}

// Consumer runs a consumer until the test ends, or until stop, which returns when it has drained.
func (b *Bundle) Consumer(t *testing.T, subscriptions ...broker.Subscription) (c *broker.Consumer, stop func()) {
	t.Helper()
	if b.Sender == nil {
		b.Sending(t, topology.Topology{}, broker.TopologyOf(subscriptions))
	}
	c, err := broker.NewConsumer(b.Config(), subscriptions, b.Sender)
	if err != nil {
		t.Fatal(err)
	}
	return c, Until(t, c.Run)
}

// Until runs a function until the test or stop ends it.
func Until(t *testing.T, run func(context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}

// Boxed is the subscription that the tests use.
func Boxed(handle broker.Handler) broker.Subscription {
	return broker.Subscription{
		Subscription: topology.Subscription{Subscriber: "delivery", Event: event.OrderBoxedV1}, Handle: handle,
	}
}

// Outgoing is OrderBoxed about the order.
func Outgoing(t *testing.T, orderID string) event.Outgoing {
	t.Helper()
	made, err := event.New(t.Context(), "kitchen", orderID, event.OrderBoxed{OrderID: orderID})
	if err != nil {
		t.Fatal(err)
	}
	return event.Outgoing{Envelope: made[0]}
}

// BodyOf is the body of the event in the envelope of ours.
func BodyOf(t *testing.T, o event.Outgoing) []byte {
	t.Helper()
	body, err := json.Marshal(o.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// Send publishes the events and fails the test if one is refused.
func Send(t *testing.T, p *broker.Publisher, batch ...event.Outgoing) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Deadline)
	defer cancel()
	for i, err := range p.Publish(ctx, batch) {
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
}

// Put publishes to the subscription's exchange with plain amqp091-go, as a client that does not know the envelope.
func (b *Bundle) Put(t *testing.T, s broker.Subscription, message amqp091.Publishing) {
	t.Helper()
	ch := b.Channel(t)
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

// Take waits for a message of a queue, and acks and returns it.
func (b *Bundle) Take(t *testing.T, queue string) amqp091.Delivery {
	t.Helper()
	ch := b.Channel(t)
	var got amqp091.Delivery
	Eventually(t, "a message is in "+queue, func() bool {
		d, ok, err := ch.Get(queue, true)
		if err != nil {
			t.Fatal(err)
		}
		got = d
		return ok
	})
	return got
}

// Settled waits for a process span with the given settlement.
func (b *Bundle) Settled(t *testing.T, how string) (found tracetree.Span) {
	t.Helper()
	Eventually(t, "a delivery is settled with "+how, func() bool {
		for _, span := range b.Memory.Spans() {
			if span.Attributes["traceria.message.settled"] == how {
				found = span
				return true
			}
		}
		return false
	})
	return found
}

// Count is how many messages the queue holds.
func (b *Bundle) Count(t *testing.T, queue string) int {
	t.Helper()
	found, err := b.Channel(t).QueueDeclarePassive(queue, true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found.Messages
}

// Counting is a handler that counts its calls.
func Counting(n *atomic.Int32) broker.Handler {
	return func(context.Context, event.Envelope) error { n.Add(1); return nil }
}

// Has reports whether there is such a queue.
func (b *Bundle) Has(t *testing.T, queue string) bool {
	t.Helper()
	conn, err := wire.Dial(t.Context(), b.URL, "the test")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ch.QueueDeclarePassive(queue, true, false, false, false, nil)
	return err == nil
}

// Remove deletes the queue.
func (b *Bundle) Remove(t *testing.T, queue string) {
	t.Helper()
	if _, err := b.Channel(t).QueueDelete(queue, false, false, false); err != nil {
		t.Fatal(err)
	}
}

// VirtualHost returns the name of the virtual host of an AMQP URL.
func VirtualHost(t *testing.T, amqpURL string) string {
	t.Helper()
	u, err := url.Parse(amqpURL)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// Ready waits until all parts are ready.
func Ready(t *testing.T, parts ...interface{ Ready() error }) {
	t.Helper()
	for _, part := range parts {
		Eventually(t, "it is ready", func() bool { return part.Ready() == nil })
	}
}

// Eventually waits until the condition holds.
func Eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for end := time.After(Deadline); !condition(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("not within %s: %s", Deadline, what)
		}
	}
}

// Receive waits for the next value of a channel.
func Receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(Deadline):
		t.Fatalf("nothing came within %s", Deadline)
		panic("unreachable")
	}
}

// Log keeps log lines.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *Log) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns all lines so far.
func (b *Log) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
