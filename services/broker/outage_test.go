package broker_test

import (
	"context"
	"encoding/json"
	"errors"
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
	"traceria/services/event"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

func counting(n *atomic.Int32) broker.Handler {
	return func(context.Context, event.Envelope) error { n.Add(1); return nil }
}

// reconnected waits for the span of an outage that is over.
func (b *bundle) reconnected(t *testing.T, what string) tracetree.Span {
	t.Helper()
	var found tracetree.Span
	eventually(t, "a span says that "+what+" is back", func() bool {
		i := slices.IndexFunc(b.memory.Spans(), func(span tracetree.Span) bool { return span.Name == "reconnect "+what })
		if i >= 0 {
			found = b.memory.Spans()[i]
		}
		return i >= 0
	})
	return found
}

func TestADeletedQueueIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	var boxes, others atomic.Int32
	s, other := boxed(counting(&boxes)), broker.Subscription{Subscriber: "loyalty", Event: event.OrderBoxedV1, Handle: counting(&others)}
	p := b.publisher(t, b.apply(t, s, other))
	c, _ := b.consumer(t, s, other)
	ready(t, p, c)
	send(t, p, outgoing(t, "o-1"))
	eventually(t, "the first is handled by both", func() bool { return boxes.Load() == 1 && others.Load() == 1 })
	if _, err := b.channel(t).QueueDelete(s.Queue(), false, false, false); err != nil {
		t.Fatal(err)
	}
	span := b.reconnected(t, s.Queue())
	if cause, _ := span.Attributes["traceria.broker.cause"].(string); !strings.Contains(cause, "ended the consumer") || span.Duration <= 0 {
		t.Errorf("the span says %v and lasts %s", span.Attributes, span.Duration)
	}
	send(t, p, outgoing(t, "o-2"))
	eventually(t, "the second is handled by both", func() bool { return boxes.Load() == 2 && others.Load() == 2 })
	if !strings.Contains(b.log.String(), s.Queue()) {
		t.Errorf("the log does not name the queue:\n%s", b.log)
	}
	for _, span := range b.memory.Spans() {
		if span.Name == "reconnect consume" {
			t.Error("the connection was given up because of one queue")
		}
	}
}

func TestALineThatBreaksIsDialledAgainAndSeen(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	line := newProxy(t, b.url)
	b.url = line.url
	var handled atomic.Int32
	s := boxed(counting(&handled))
	p := b.publisher(t, b.apply(t, s))
	c, _ := b.consumer(t, s)
	ready(t, p, c)
	line.cut()
	for _, purpose := range []string{"publish", "consume"} {
		span := b.reconnected(t, purpose)
		if attempts, _ := span.Attributes["traceria.broker.attempts"].(int64); attempts < 1 || span.Kind != "client" || span.Status == "error" {
			t.Errorf("%s: %+v", purpose, span)
		}
	}
	ready(t, p, c)
	send(t, p, outgoing(t, "o-1"))
	eventually(t, "it is handled", func() bool { return handled.Load() == 1 })
}

// RabbitMQ closes a channel whose client breaks the rules; acking twice is the simplest way to do that.
func TestAConnectionThatRabbitMQClosesIsOpenedAgain(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	var handled atomic.Int32
	s := boxed(counting(&handled))
	p := b.publisher(t, b.apply(t, s))
	c, _ := b.consumer(t, s)
	ready(t, p, c)
	server := rabbitmqtest.Shared(t)
	u, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "both connections were closed by the operator", func() bool {
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
	b.reconnected(t, "publish")
	b.reconnected(t, "consume")
	ready(t, p, c)
	send(t, p, outgoing(t, "o-1"))
	eventually(t, "it is handled", func() bool { return handled.Load() == 1 })
}

// RabbitMQ that is short of memory does not read from those who publish. Nothing is given up: what is to be sent waits,
// consumers go on, and readiness says why.
func TestABlockedConnectionWaitsUntilRabbitMQTakesMessagesAgain(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	b := bundleAt(t, server.URL)
	var handled atomic.Int32
	s := boxed(counting(&handled))
	p := b.publisher(t, b.apply(t, s))
	c, _ := b.consumer(t, s)
	ready(t, p, c)
	if _, err := server.Ctl("set_vm_memory_high_watermark", "absolute", "1000"); err != nil {
		t.Fatal(err)
	}
	result := make(chan []error, 1)
	go func() { // RabbitMQ blocks a connection when it publishes
		ctx, cancel := context.WithTimeout(context.Background(), 2*deadline)
		defer cancel()
		var failed []error
		for i := range 20 {
			failed = append(failed, p.Publish(ctx, []event.Outgoing{outgoing(t, fmt.Sprint("o-", i))})...)
		}
		result <- failed
	}()
	eventually(t, "readiness says that RabbitMQ takes nothing", func() bool {
		return p.Ready() != nil && strings.Contains(p.Ready().Error(), "RabbitMQ takes no messages")
	})
	if c.Ready() != nil {
		t.Errorf("the consumer is not ready: %v", c.Ready())
	}
	if _, err := server.Ctl("set_vm_memory_high_watermark", "0.6"); err != nil {
		t.Fatal(err)
	}
	for i, err := range receive(t, result) {
		if err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
	eventually(t, "all are handled", func() bool { return handled.Load() == 20 })
	if log := b.log.String(); !strings.Contains(log, "RabbitMQ takes no messages") || !strings.Contains(log, "RabbitMQ takes messages again") {
		t.Errorf("the log says\n%s", log)
	}
}

// A broker that is stopped by SIGSTOP answers nothing and closes nothing. A service that is told to end does not wait for
// it: neither a consumer in the middle of its work, nor a publisher with an unconfirmed event, nor both of many.
func TestAStuckBrokerDoesNotKeepAServiceFromStopping(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	line := newProxy(t, b.url)
	b.url = line.url
	working := make(chan struct{}, 64)
	s := boxed(func(ctx context.Context, _ event.Envelope) error {
		working <- struct{}{}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
			return nil
		}
	})
	topology := b.apply(t, s)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p := broker.NewPublisher(b.config(), topology, topology)
	c, err := broker.NewConsumer(b.config(), []broker.Subscription{s}, p)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 2)
	go func() { p.Run(ctx); ended <- "publisher" }()
	go func() { c.Run(ctx); ended <- "consumer" }()
	ready(t, p, c)
	var batch []event.Outgoing
	for i := range 40 {
		batch = append(batch, outgoing(t, fmt.Sprint("o-", i)))
	}
	send(t, p, batch...)
	receive(t, working)
	line.freeze()
	published, late := make(chan []error, 1), outgoing(t, "late")
	go func() { published <- p.Publish(ctx, []event.Outgoing{late}) }()
	began := time.Now()
	stop()
	for range 2 {
		t.Logf("the %s ended after %s", receive(t, ended), time.Since(began).Round(time.Millisecond))
	}
	if results := receive(t, published); results[0] == nil {
		t.Error("an event counts as sent that nobody confirmed")
	}
}

// A retry needs the subscriber's own exchange. When somebody deleted it, RabbitMQ closes the publishing channel, and the
// message waits where it was until the exchange is there again.
func TestADeletedExchangeIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	s := boxed(alwaysFails)
	s.BackOff = []time.Duration{time.Millisecond}
	b.apply(t, s)
	c, _ := b.consumer(t, s)
	ready(t, c, b.sender)
	for _, exchange := range []string{s.RetryExchange(), s.DeadExchange()} {
		if err := b.channel(t).ExchangeDelete(exchange, false, false); err != nil {
			t.Fatal(err)
		}
	}
	b.put(t, s, amqp091.Publishing{Body: bodyOf(t, outgoing(t, "o-1"))})
	eventually(t, "it is dead", func() bool { return b.count(t, s.DeadQueue()) >= 1 })
	b.reconnected(t, "publish")
}

// RabbitMQ closes the channel of a consumer that does not ack in time (consumer_timeout), and only the channel. The
// message comes again, and the other subscriptions do not notice.
func TestAChannelThatRabbitMQClosesIsOpenedAgain(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	for name, value := range map[string]string{"consumer_timeout": "500", "channel_tick_interval": "500"} {
		if _, err := server.Ctl("eval", "application:set_env(rabbit, "+name+", "+value+")."); err != nil {
			t.Fatal(err)
		}
	}
	b := bundleAt(t, server.URL)
	var calls atomic.Int32
	s := boxed(func(ctx context.Context, _ event.Envelope) error {
		if calls.Add(1) == 1 { // hangs, until it is told to stop because its channel is gone
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	p := b.publisher(t, b.apply(t, s))
	c, _ := b.consumer(t, s)
	ready(t, p, c)
	send(t, p, outgoing(t, "o-1"))
	b.reconnected(t, s.Queue())
	b.settled(t, "ack")
	for _, span := range b.memory.Spans() {
		if span.Name == "reconnect consume" {
			t.Error("the whole connection was given up")
		}
	}
	if n := b.count(t, s.DeadQueue()); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// What somebody deletes while the connection lasts is there again although no `traceria topology apply --watch` runs.
func TestWhatIsDeletedWhileTheConnectionLastsIsDeclaredAgain(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(ch *amqp091.Channel, s broker.Subscription) error{
		"the dead queue": func(ch *amqp091.Channel, s broker.Subscription) error {
			_, err := ch.QueueDelete(s.DeadQueue(), false, false, false)
			return err
		},
		"a retry queue": func(ch *amqp091.Channel, s broker.Subscription) error {
			_, err := ch.QueueDelete(s.RetryQueue(200*time.Millisecond), false, false, false)
			return err
		},
		"the retry exchange": func(ch *amqp091.Channel, s broker.Subscription) error {
			return ch.ExchangeDelete(s.RetryExchange(), false, false)
		},
		"the binding": func(ch *amqp091.Channel, s broker.Subscription) error {
			return ch.QueueUnbind(s.Queue(), s.Event.RoutingKey(), s.Event.Exchange, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t)
			var attempts atomic.Int32
			s := boxed(func(context.Context, event.Envelope) error {
				if attempts.Add(1) > 1 {
					return broker.Dead(errors.New("no"))
				}
				return errors.New("try again")
			})
			b.apply(t, s)
			c, _ := b.consumer(t, s)
			eventually(t, "it consumes", func() bool { return c.Ready() == nil })
			if err := remove(b.channel(t), s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(7 * time.Second) // longer than between two looks
			if err := c.Ready(); err != nil {
				t.Errorf("it is not ready: %v", err)
			}
			put(t, b, s, bodyOf(t, outgoing(t, "o-1")), nil)
			// Without its way through the retry queue it would be delivered again, and die of that: as one that was never retried.
			if letter := b.take(t, s.DeadQueue()); letter.Headers["traceria-retry"] != int64(1) {
				t.Errorf("the event was not retried: %v", letter.Headers)
			}
		})
	}
}
