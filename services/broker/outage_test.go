package broker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// reconnected waits for the span of a reconnection.
func reconnected(b *brokertest.Bundle, t *testing.T, what string) tracetree.Span {
	t.Helper()
	var found tracetree.Span
	brokertest.Eventually(t, "a span says that "+what+" is back", func() bool {
		i := slices.IndexFunc(b.Memory.Spans(), func(span tracetree.Span) bool { return span.Name == "reconnect "+what })
		if i >= 0 {
			found = b.Memory.Spans()[i]
		}
		return i >= 0
	})
	return found
}

func TestADeletedQueueIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var boxes, others atomic.Int32
	s, other := brokertest.Boxed(brokertest.Counting(&boxes)), broker.Subscription{Subscription: topology.Subscription{Subscriber: "loyalty", Event: event.OrderBoxedV1}, Handle: brokertest.Counting(&others)}
	all := b.Apply(t, s, other)
	b.Keep(t, all)
	p := b.Publisher(t, all)
	c, _ := b.Consumer(t, s, other)
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	brokertest.Eventually(t, "the first is handled by both", func() bool { return boxes.Load() == 1 && others.Load() == 1 })
	if _, err := b.Channel(t).QueueDelete(s.Queue(), false, false, false); err != nil {
		t.Fatal(err)
	}
	span := reconnected(b, t, s.Queue())
	if cause, _ := span.Attributes["traceria.broker.cause"].(string); !strings.Contains(cause, "ended the consumer") || span.Duration <= 0 {
		t.Errorf("the span says %v and lasts %s", span.Attributes, span.Duration)
	}
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-2"))
	brokertest.Eventually(t, "the second is handled by both", func() bool { return boxes.Load() == 2 && others.Load() == 2 })
	if !strings.Contains(b.Log.String(), s.Queue()) {
		t.Errorf("the log does not name the queue:\n%s", b.Log)
	}
	for _, span := range b.Memory.Spans() {
		if span.Name == "reconnect consume" {
			t.Error("the connection was given up because of one queue")
		}
	}
}

func TestALineThatBreaksIsDialledAgainAndSeen(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	line := newProxy(t, b.URL)
	b.URL = line.url
	var handled atomic.Int32
	s := brokertest.Boxed(brokertest.Counting(&handled))
	p := b.Publisher(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, p, c)
	line.cut()
	for _, purpose := range []string{"publish", "consume"} {
		span := reconnected(b, t, purpose)
		if attempts, _ := span.Attributes["traceria.broker.attempts"].(int64); attempts < 1 || span.Kind != "client" || span.Status == "error" {
			t.Errorf("%s: %+v", purpose, span)
		}
	}
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	brokertest.Eventually(t, "it is handled", func() bool { return handled.Load() == 1 })
}

// An operator closes both connections through the management API.
func TestAConnectionThatRabbitMQClosesIsOpenedAgain(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var handled atomic.Int32
	s := brokertest.Boxed(brokertest.Counting(&handled))
	p := b.Publisher(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, p, c)
	server := rabbitmqtest.Shared(t)
	u, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "both connections were closed by the operator", func() bool {
		var open []struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal(server.Manage(t, http.MethodGet, "/api/vhosts"+u.Path+"/connections", ""), &open); err != nil {
			t.Fatal(err)
		}
		for _, connection := range open {
			server.Manage(t, http.MethodDelete, "/api/connections/"+url.PathEscape(connection.Name), "")
		}
		return len(open) >= 2
	})
	reconnected(b, t, "publish")
	reconnected(b, t, "consume")
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	brokertest.Eventually(t, "it is handled", func() bool { return handled.Load() == 1 })
}

// RabbitMQ that is short of memory does not read from connections that publish. Events wait, consumers go on, and Ready
// returns the reason.
func TestABlockedConnectionWaitsUntilRabbitMQTakesMessagesAgain(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	b := brokertest.At(t, server.URL)
	var handled atomic.Int32
	s := brokertest.Boxed(brokertest.Counting(&handled))
	p := b.Publisher(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, p, c)
	if _, err := server.Ctl("set_vm_memory_high_watermark", "absolute", "1000"); err != nil {
		t.Fatal(err)
	}
	result := make(chan []error, 1)
	go func() { // RabbitMQ blocks a connection when it publishes
		ctx, cancel := context.WithTimeout(context.Background(), 2*brokertest.Deadline)
		defer cancel()
		var failed []error
		for i := range 20 {
			failed = append(failed, p.Publish(ctx, []event.Outgoing{brokertest.Outgoing(t, fmt.Sprint("o-", i))})...)
		}
		result <- failed
	}()
	brokertest.Eventually(t, "readiness says that RabbitMQ takes nothing", func() bool {
		return p.Ready() != nil && strings.Contains(p.Ready().Error(), "RabbitMQ takes no messages")
	})
	if c.Ready() != nil {
		t.Errorf("the consumer is not ready: %v", c.Ready())
	}
	if _, err := server.Ctl("set_vm_memory_high_watermark", "0.6"); err != nil {
		t.Fatal(err)
	}
	for i, err := range brokertest.Receive(t, result) {
		if err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
	brokertest.Eventually(t, "all are handled", func() bool { return handled.Load() == 20 })
	if log := b.Log.String(); !strings.Contains(log, "RabbitMQ takes no messages") || !strings.Contains(log, "RabbitMQ takes messages again") {
		t.Errorf("the log says\n%s", log)
	}
}

// A broker that was stopped by SIGSTOP does not answer and closes no connection. A service stops all the same, with a consumer at
// work and a publisher with an unconfirmed event.
func TestAStuckBrokerDoesNotKeepAServiceFromStopping(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	line := newProxy(t, b.URL)
	b.URL = line.url
	working := make(chan struct{}, 64)
	s := brokertest.Boxed(func(ctx context.Context, _ event.Envelope) error {
		working <- struct{}{}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
			return nil
		}
	})
	topology := b.Apply(t, s)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p := broker.NewPublisher(b.Config(), topology, topology)
	c, err := broker.NewConsumer(b.Config(), []broker.Subscription{s}, p)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 2)
	go func() { p.Run(ctx); ended <- "publisher" }()
	go func() { c.Run(ctx); ended <- "consumer" }()
	brokertest.Ready(t, p, c)
	var batch []event.Outgoing
	for i := range 40 {
		batch = append(batch, brokertest.Outgoing(t, fmt.Sprint("o-", i)))
	}
	brokertest.Send(t, p, batch...)
	brokertest.Receive(t, working)
	line.freeze()
	published, late := make(chan []error, 1), brokertest.Outgoing(t, "late")
	go func() { published <- p.Publish(ctx, []event.Outgoing{late}) }()
	began := time.Now()
	stop()
	for range 2 {
		t.Logf("the %s ended after %s", brokertest.Receive(t, ended), time.Since(began).Round(time.Millisecond))
	}
	if results := brokertest.Receive(t, published); results[0] == nil {
		t.Error("an unconfirmed event counts as sent")
	}
}

// A retry needs the subscriber's own exchange. If it was deleted, RabbitMQ closes the publishing channel, and the message stays
// in its queue until the keeper has restored the exchange.
func TestADeletedExchangeIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(alwaysFails)
	s.BackOff = []time.Duration{time.Millisecond}
	b.Keep(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, c, b.Sender)
	for _, exchange := range []string{s.RetryExchange(), s.DeadExchange()} {
		if err := b.Channel(t).ExchangeDelete(exchange, false, false); err != nil {
			t.Fatal(err)
		}
	}
	b.Put(t, s, amqp091.Publishing{Body: brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1"))})
	brokertest.Eventually(t, "it is dead", func() bool { return b.Count(t, s.DeadQueue()) >= 1 })
	reconnected(b, t, "publish")
}

// A consumer does not ack within consumer_timeout. RabbitMQ closes its channel, or cancels the consumer (4.3). The message is
// delivered again, and the connection stays.
func TestAChannelThatRabbitMQClosesIsOpenedAgain(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	for name, value := range map[string]string{"consumer_timeout": "500", "channel_tick_interval": "500"} {
		if _, err := server.Ctl("eval", "application:set_env(rabbit, "+name+", "+value+")."); err != nil {
			t.Fatal(err)
		}
	}
	b := brokertest.At(t, server.URL)
	var calls atomic.Int32
	s := brokertest.Boxed(func(ctx context.Context, _ event.Envelope) error {
		if calls.Add(1) == 1 { // it works until its context ends
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	p := b.Publisher(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	reconnected(b, t, s.Queue())
	b.Settled(t, "ack")
	for _, span := range b.Memory.Spans() {
		if span.Name == "reconnect consume" {
			t.Error("the whole connection was given up")
		}
	}
	if n := b.Count(t, s.DeadQueue()); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// A consumer declares nothing. It waits for its queues, and Ready names what is missing, also later.
func TestAConsumerSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(nil)
	c, _ := b.Consumer(t, s)
	says := func(what string) {
		t.Helper()
		brokertest.Eventually(t, "it says that "+what+" is missing", func() bool {
			err := c.Ready()
			return err != nil && strings.Contains(err.Error(), what) && strings.Contains(err.Error(), "traceria topology apply")
		})
	}
	says("queue " + s.Queue())
	b.Apply(t, s)
	brokertest.Ready(t, c)
	b.Remove(t, s.DeadQueue())
	says("queue " + s.DeadQueue())
	if b.Has(t, s.DeadQueue()) {
		t.Error("the consumer declared it")
	}
	b.Apply(t, s)
	brokertest.Ready(t, c)
}
