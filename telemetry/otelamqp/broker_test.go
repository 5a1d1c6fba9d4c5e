package otelamqp_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
)

// channel opens a channel on its own connection.
func channel(t testing.TB, url string) *amqp091.Channel {
	t.Helper()
	conn, err := amqp091.Dial(url)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // a test may have closed it
	ch, err := conn.Channel()
	must(t, err)
	return ch
}

// declare makes an exchange orders and a queue kitchen, bound to order.created.
func declare(t testing.TB, ch *amqp091.Channel, args amqp091.Table) {
	t.Helper()
	must(t, ch.ExchangeDeclare("orders", "topic", true, false, false, false, nil))
	_, err := ch.QueueDeclare("kitchen", true, false, false, false, args)
	must(t, err)
	must(t, ch.QueueBind("kitchen", "order.created", "orders", false, nil))
}

func TestBrokerAnswers(t *testing.T) {
	url := rabbitmqtest.Shared(t).VHost(t)
	ch := channel(t, url)
	declare(t, ch, amqp091.Table{"x-max-length": 1, "x-overflow": "reject-publish"})
	b := newBundle(t)
	p := b.publisher(ch)
	if !otelamqp.ReusesHeaders(p) {
		t.Error("a real channel keeps no header table, but tables are not reused")
	}
	m := event()
	m.Mandatory = true
	must(t, p.Publish(context.Background(), m))
	if err := p.Publish(context.Background(), m); !errors.Is(err, otelamqp.ErrNack) {
		t.Errorf("publish to a full queue: %v, want a nack", err)
	}
	failed(t, b.spans.Ended()[1], "nack")
	m.RoutingKey = "order.unbound"
	if err := p.Publish(context.Background(), m); !errors.Is(err, otelamqp.ErrUnroutable) {
		t.Errorf("publish without a queue: %v, want unroutable", err)
	}
	failed(t, b.spans.Ended()[2], "unroutable")
	m.Mandatory = false
	must(t, p.Publish(context.Background(), m)) // confirmed and dropped

	m.Exchange = "missing"
	err := p.Publish(context.Background(), m)
	var reason *amqp091.Error
	if !errors.Is(err, otelamqp.ErrConfirmUnknown) || !errors.As(err, &reason) || reason.Code != amqp091.NotFound {
		t.Errorf("publish to a missing exchange: %v", err)
	}
	failed(t, b.spans.Ended()[4], "NOT_FOUND")
	if err := p.Publish(context.Background(), m); !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("publish on the closed channel: %v", err)
	}
}

// TestUnroutableInAPipeline: of many outstanding mandatory messages, exactly those without a queue fail.
func TestUnroutableInAPipeline(t *testing.T) {
	ch := channel(t, rabbitmqtest.Shared(t).VHost(t))
	declare(t, ch, nil)
	b := newBundle(t)
	p := b.publisher(ch)
	var confirmations []*otelamqp.Confirmation
	for i := range 2000 {
		m := event()
		m.Mandatory = true
		if i%3 == 0 {
			m.RoutingKey = "order.unbound"
		}
		c, err := p.PublishDeferred(context.Background(), m)
		must(t, err)
		confirmations = append(confirmations, c)
	}
	for i, c := range confirmations {
		if err := c.Wait(context.Background()); errors.Is(err, otelamqp.ErrUnroutable) != (i%3 == 0) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	eventually(t, "every span ends", func() bool { return len(b.spans.Ended()) == len(confirmations) })
}

// TestBrokerDies: after a kill of the broker, unconfirmed messages have an unknown outcome and an ended span.
func TestBrokerDies(t *testing.T) {
	broker := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	ch := channel(t, broker.URL)
	declare(t, ch, nil)
	b := newBundle(t)
	p := b.publisher(ch)
	killed := make(chan error, 1)
	published := 0
	for {
		c, err := p.PublishDeferred(context.Background(), event())
		if err != nil {
			break // the channel is lost
		}
		published++
		if published == 500 {
			must(t, c.Wait(context.Background()))
			go func() { killed <- broker.Kill() }()
		}
	}
	must(t, <-killed)
	eventually(t, "every span ends", func() bool { return len(b.spans.Ended()) == published+1 })
	unknown := 0
	for _, span := range b.spans.Ended() {
		switch values(span.Attributes())["error.type"] {
		case nil:
		case "CHANNEL_ERROR": // the last message, published on the closed channel
		case "confirm_unknown":
			unknown++
		default:
			t.Fatalf("span with attributes %v", span.Attributes())
		}
	}
	t.Logf("%d published, %d with unknown outcome", published, unknown)
}

// TestConsume: with auto-ack and manual acks, each span ends with its handler and starts after the previous one.
func TestConsume(t *testing.T) {
	for name, o := range map[string]otelamqp.ConsumeOptions{
		"auto-ack":   {AutoAck: true},
		"ack":        {Settle: otelamqp.AckOrRequeue},
		"by handler": {},
	} {
		t.Run(name, func(t *testing.T) {
			url := rabbitmqtest.Shared(t).VHost(t)
			ch := channel(t, url)
			declare(t, ch, nil)
			b := newBundle(t)
			p := b.publisher(channel(t, url))
			const n = 20
			bag, err := baggage.Parse("tenant=one")
			must(t, err)
			for range n {
				must(t, p.Publish(baggage.ContextWithBaggage(context.Background(), bag), event()))
			}
			ctx, cancel := context.WithCancel(context.Background())
			handled := 0
			must(t, b.consumer().Consume(ctx, ch, "kitchen", o, func(ctx context.Context, d amqp091.Delivery) error {
				if baggage.FromContext(ctx).Member("tenant").Value() != "one" {
					t.Error("no baggage")
				}
				if handled++; handled == n {
					cancel()
				}
				if name == "by handler" {
					return d.Ack(false)
				}
				return nil
			}))
			q, err := ch.QueueDeclarePassive("kitchen", true, false, false, false, nil)
			must(t, err)
			if handled != n || q.Messages != 0 {
				t.Errorf("%d handled, %d left, want %d and 0", handled, q.Messages, n)
			}
			var last time.Time
			sends := map[any]bool{}
			for _, span := range b.spans.Ended() {
				if span.Name() == "send orders:order.created" {
					sends[span.SpanContext().SpanID()] = true
					continue
				}
				if span.StartTime().Before(last) {
					t.Error("a process span started before the message before it was handled")
				}
				last = span.EndTime()
				if !sends[span.Parent().SpanID()] || len(span.Links()) != 1 || !sends[span.Links()[0].SpanContext.SpanID()] {
					t.Errorf("parent %v, links %v: want the send span", span.Parent().SpanID(), span.Links())
				}
				if wait, ok := values(span.Attributes())[otelamqp.QueueWaitKey].(int64); !ok || wait < 0 || wait > 60_000 {
					t.Errorf("queue wait %v ms", wait)
				}
			}
			if len(b.spans.Ended()) != 2*n {
				t.Errorf("%d spans, want %d", len(b.spans.Ended()), 2*n)
			}
		})
	}
}

// TestConsumeStops: when the context ends, prefetched messages return to the queue without a span.
func TestConsumeStops(t *testing.T) {
	url := rabbitmqtest.Shared(t).VHost(t)
	ch := channel(t, url)
	declare(t, ch, nil)
	b := newBundle(t)
	p := b.publisher(channel(t, url))
	for range 30 {
		must(t, p.Publish(context.Background(), event()))
	}
	must(t, ch.Qos(10, 0, false))
	ctx, cancel := context.WithCancel(context.Background())
	handled := 0
	must(t, b.consumer().Consume(ctx, ch, "kitchen", otelamqp.ConsumeOptions{Settle: otelamqp.AckOrReject}, func(ctx context.Context, _ amqp091.Delivery) error {
		handled++
		cancel()
		return ctx.Err() // not cancelled, so that the handler can finish
	}))
	eventually(t, "the others are back", func() bool {
		q, err := ch.QueueDeclarePassive("kitchen", true, false, false, false, nil)
		return err == nil && q.Messages == 30-handled
	})
	if n := len(b.spans.Ended()) - 30; n != handled {
		t.Errorf("%d process spans for %d handled messages", n, handled)
	}
}

// TestConsumeConcurrently: handlers run concurrently, each in its own span, with the options of its delivery.
func TestConsumeConcurrently(t *testing.T) {
	url := rabbitmqtest.Shared(t).VHost(t)
	ch := channel(t, url)
	declare(t, ch, nil)
	b := newBundle(t)
	p := b.publisher(channel(t, url))
	const n = 3
	for range n {
		must(t, p.Publish(context.Background(), event()))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var together sync.WaitGroup
	together.Add(n)
	must(t, b.consumer().Consume(ctx, ch, "kitchen", otelamqp.ConsumeOptions{
		Concurrency: n, Settle: otelamqp.AckOrRequeue,
		ProcessOptions: func(amqp091.Delivery) []otelamqp.ProcessOption {
			return []otelamqp.ProcessOption{otelamqp.WithFirstDestination("first", "key")}
		},
	}, func(context.Context, amqp091.Delivery) error {
		together.Done()
		together.Wait() // blocks for ever if handlers run one after the other
		cancel()
		return nil
	}))
	processed := 0
	for _, span := range b.spans.Ended() {
		if span.Name() == "process first:key:kitchen" {
			processed++
		}
	}
	if processed != n {
		t.Errorf("%d process spans among %v, want %d", processed, names(b.spans.Ended()), n)
	}
}

func TestConsumeEnds(t *testing.T) {
	url := rabbitmqtest.Shared(t).VHost(t)
	ch := channel(t, url)
	declare(t, ch, nil)
	b := newBundle(t)
	var reported error
	p := b.publisher(channel(t, url))
	must(t, p.Publish(context.Background(), event()))
	err := b.consumer().Consume(context.Background(), ch, "kitchen", otelamqp.ConsumeOptions{
		Settle:  otelamqp.AckOrReject,
		OnError: func(_ context.Context, _ amqp091.Delivery, err error) { reported = err },
	}, func(context.Context, amqp091.Delivery) error {
		go func() { _ = ch.Close() }()
		if reason := <-ch.NotifyClose(make(chan *amqp091.Error, 1)); reason != nil {
			t.Errorf("closed for %v", reason)
		}
		return badMeal{}
	})
	if !errors.Is(err, otelamqp.ErrConsumerEnded) {
		t.Errorf("Consume on a closed channel: %v", err)
	}
	if !errors.Is(reported, badMeal{}) || !errors.Is(reported, amqp091.ErrClosed) {
		t.Errorf("reported %v: want the handler's error and that of settling", reported)
	}
	if err := b.consumer().Consume(context.Background(), ch, "kitchen", otelamqp.ConsumeOptions{}, nothing); !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("Consume on a closed channel: %v", err)
	}
}

// TestConsumerTimeoutEndsConsume: RabbitMQ 4.3 cancels a consumer that holds a message too long. The channel stays
// open. Older versions close the channel, check once a minute, and have no timeout for a single queue.
func TestConsumerTimeoutEndsConsume(t *testing.T) {
	if version := rabbitmqtest.Shared(t).Version(t); strings.HasPrefix(version, "3.") || strings.HasPrefix(version, "4.0.") {
		t.Skipf("RabbitMQ %s has no timeout of a single queue", version)
	}
	k := newKitchen(t, amqp091.Table{"x-queue-type": "quorum", "x-consumer-timeout": int64(1000)})
	ch := channel(t, k.url)
	cancelled := ch.NotifyCancel(make(chan string, 1))
	err := k.b.consumer().Consume(context.Background(), ch, "kitchen", otelamqp.ConsumeOptions{Settle: otelamqp.AckOrRequeue},
		func(context.Context, amqp091.Delivery) error {
			<-cancelled
			return nil
		})
	if !errors.Is(err, otelamqp.ErrConsumerEnded) || ch.IsClosed() {
		t.Errorf("Consume: %v, channel closed: %v", err, ch.IsClosed())
	}
	if d := k.next("kitchen"); otelamqp.Attempt(&d) < 2 {
		t.Errorf("attempt %d of a returned message", otelamqp.Attempt(&d))
	}
}

// TestDeathsOfARealBroker: a quorum queue counts returns, and a dead-letter cycle writes x-death. The context survives
// both.
func TestDeathsOfARealBroker(t *testing.T) {
	url := rabbitmqtest.Shared(t).VHost(t)
	ch := channel(t, url)
	declare(t, ch, amqp091.Table{"x-queue-type": "quorum", "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "kitchen.dead"})
	_, err := ch.QueueDeclare("kitchen.dead", true, false, false, false, nil)
	must(t, err)
	b := newBundle(t)
	must(t, b.publisher(channel(t, url)).Publish(context.Background(), event()))
	send := b.one()

	ctx, cancel := context.WithCancel(context.Background())
	var attempts []int
	must(t, b.consumer().Consume(ctx, ch, "kitchen", otelamqp.ConsumeOptions{Settle: func(err error) otelamqp.Settlement {
		if len(attempts) < 3 {
			return otelamqp.Requeue
		}
		cancel()
		return otelamqp.Reject
	}}, func(_ context.Context, d amqp091.Delivery) error {
		attempts = append(attempts, otelamqp.Attempt(&d))
		return nil
	}))
	if len(attempts) != 3 || attempts[0] != 1 || attempts[1] != 2 || attempts[2] != 3 {
		t.Errorf("attempts %v, want 1 2 3", attempts)
	}
	var d amqp091.Delivery
	eventually(t, "the message is dead", func() bool {
		var ok bool
		d, ok, err = b.consumer().Get(context.Background(), ch, "kitchen.dead", true)
		must(t, err)
		return ok
	})
	if deaths, ok := d.Headers["x-death"].([]any); !ok || len(deaths) == 0 {
		t.Errorf("x-death is %T", d.Headers["x-death"])
	}
	must(t, b.consumer().Process(context.Background(), "kitchen.dead", d, nothing, otelamqp.WithFirstDestination("orders", "order.created")))
	span := b.named("process orders:order.created:kitchen.dead")
	if span.Parent().SpanID() != send.SpanContext().SpanID() || span.Status().Code != codes.Unset {
		t.Errorf("parent %v, want the first send", span.Parent().SpanID())
	}
}
