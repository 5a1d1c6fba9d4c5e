package conformance

import (
	"context"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/baggage"
	sdktrace "go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// shop publishes one message over a real broker, and courier consumes it with otelamqp and publishes another.
type shop struct {
	memory   *telemetry.Memory
	ch       *amqp091.Channel
	incoming string
	tap      <-chan amqp091.Delivery
	courier  []otelamqp.Option
}

func newShop(t *testing.T, mode otelamqp.TraceMode) *shop {
	t.Helper()
	conn, err := amqp091.Dial(rabbitmqtest.Shared(t).VHost(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &shop{memory: &telemetry.Memory{}, incoming: "courier.order-boxed"}
	if s.ch, err = conn.Channel(); err != nil {
		t.Fatal(err)
	}
	if err := s.ch.ExchangeDeclare("events", "topic", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	for queue, key := range map[string]string{s.incoming: "kitchen.#", "tap": "delivery.#"} {
		if _, err := s.ch.QueueDeclare(queue, true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.ch.QueueBind(queue, key, "events", false, nil); err != nil {
			t.Fatal(err)
		}
	}
	if s.tap, err = s.ch.Consume("tap", "", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	s.courier = append(s.options(t, "courier"), otelamqp.WithSettleSpans(), otelamqp.WithServerAddress("127.0.0.1", 5672),
		otelamqp.WithTraceMode(func(context.Context) otelamqp.TraceMode { return mode }))
	return s
}

func (s *shop) options(t *testing.T, service string) []otelamqp.Option {
	t.Helper()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: service, Shared: true, Memory: s.memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	return []otelamqp.Option{otelamqp.WithTracerProvider(tel.TracerProvider), otelamqp.WithPropagators(tel.Propagator)}
}

// send publishes a message with a tracestate and baggage.
func (s *shop) send(t *testing.T) Sent {
	t.Helper()
	state, err := sdktrace.ParseTraceState("shop=1")
	if err != nil {
		t.Fatal(err)
	}
	member, err := baggage.NewMemberRaw("table", "7 b")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx := baggage.ContextWithBaggage(sdktrace.ContextWithRemoteSpanContext(t.Context(), sdktrace.NewSpanContext(sdktrace.SpanContextConfig{
		TraceID: sdktrace.TraceID{1}, SpanID: sdktrace.SpanID{2}, TraceState: state, TraceFlags: sdktrace.FlagsSampled, Remote: true,
	})), bag)
	sent := Sent{
		TraceState: "shop=1", Baggage: map[string]string{"table": "7 b"}, Conversation: "o-1", Exchange: "events",
		RoutingKey: "kitchen.order-boxed.v1", Queue: s.incoming, MessageID: "e-1.v1", Consumer: "courier",
	}
	publisher, err := otelamqp.NewPublisher(s.ch, s.options(t, "shop")...)
	if err != nil {
		t.Fatal(err)
	}
	if err := publisher.Publish(ctx, otelamqp.Message{
		Exchange: sent.Exchange, RoutingKey: sent.RoutingKey, Mandatory: true,
		Publishing: amqp091.Publishing{MessageId: sent.MessageID, CorrelationId: sent.Conversation},
		Prepare: func(ctx context.Context, _ *amqp091.Publishing) error {
			span := sdktrace.SpanContextFromContext(ctx)
			sent.TraceID, sent.SpanID = span.TraceID().String(), span.SpanID().String()
			return nil
		},
	}); err != nil {
		t.Fatal(err)
	}
	return sent
}

// deliver handles one message, publishes that the order is delivered, and acks.
func (s *shop) deliver(t *testing.T) {
	t.Helper()
	publisher, err := otelamqp.NewPublisher(s.ch, s.courier...)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := otelamqp.NewConsumer(s.courier...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if err := consumer.Consume(ctx, s.ch, s.incoming, otelamqp.ConsumeOptions{Settle: otelamqp.AckOrRequeue},
		func(ctx context.Context, _ amqp091.Delivery) error {
			defer stop()
			return publisher.Publish(ctx, otelamqp.Message{
				Exchange: "events", RoutingKey: "delivery.order-delivered.v1",
				Publishing: amqp091.Publishing{MessageId: "e-2.v1", CorrelationId: "o-1"},
			})
		}); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) received(t *testing.T) []Message {
	t.Helper()
	select {
	case d := <-s.tap:
		header := func(name string) string { text, _ := d.Headers[name].(string); return text }
		return []Message{{
			RoutingKey: d.RoutingKey, MessageID: d.MessageId, Conversation: d.CorrelationId,
			TraceParent: header("traceparent"), TraceState: header("tracestate"), Baggage: header("baggage"),
		}}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was published")
		return nil
	}
}

// A consumer with otelamqp holds every rule, in the modes parent and link. In the mode none it fails the one on the relation.
func TestOtelamqpHoldsEveryRule(t *testing.T) {
	t.Parallel()
	for _, mode := range []otelamqp.TraceMode{otelamqp.Parent, otelamqp.Link, otelamqp.None} {
		s := newShop(t, mode)
		sent := s.send(t)
		s.deliver(t)
		published := s.received(t)
		for _, v := range Check(sent, s.memory.Spans(), published) {
			want := OK
			switch {
			case v.Rule == "error.type", mode == otelamqp.None && v.Rule == "tracestate":
				want = NotSeen
			case mode == otelamqp.None && v.Rule == "parent-or-link":
				want = Wrong
			}
			if v.Result != want {
				t.Errorf("%s: %s is %s, want %s: %s", mode, v.Rule, v.Result, want, v.Detail)
			}
		}
	}
}
