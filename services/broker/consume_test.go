package broker_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry"
)

const (
	traceID  = "0af7651916cd43dd8448eb211c80319c"
	spanID   = "b7ad6b7169203331"
	w3c      = "00-" + traceID + "-" + spanID + "-01"
	otherW3C = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"
)

// The trace context is in the headers and in the metadata. Either is enough, and the headers take precedence.
func TestTheContextComesFromHeadersOrElseFromMetadata(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		headers  amqp091.Table
		metadata string
	}{
		"headers only":      {amqp091.Table{"traceparent": w3c}, ""},
		"bytes in headers":  {amqp091.Table{"traceparent": []byte(w3c)}, ""},
		"metadata only":     {nil, w3c},
		"both":              {amqp091.Table{"traceparent": w3c}, otherW3C},
		"malformed headers": {amqp091.Table{"traceparent": "00-nonsense"}, w3c},
		"number in headers": {amqp091.Table{"traceparent": int64(7), "x-death": []any{amqp091.Table{"count": int64(1)}}}, w3c},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := brokertest.New(t)
			handled := make(chan string, 1)
			s := brokertest.Boxed(func(ctx context.Context, _ event.Envelope) error { handled <- telemetry.Conversation(ctx); return nil })
			b.Apply(t, s)
			o := brokertest.Outgoing(t, "o-1")
			o.Envelope.Metadata.TraceParent = c.metadata
			b.Put(t, s, amqp091.Publishing{Body: brokertest.BodyOf(t, o), Headers: c.headers})
			b.Consumer(t, s)
			if got := brokertest.Receive(t, handled); got != "o-1" {
				t.Errorf("the handler's conversation is %q", got)
			}
			span := b.Settled(t, "ack")
			if span.TraceID != traceID || span.ParentID != spanID || len(span.Links) != 1 || span.Links[0].SpanID != spanID {
				t.Errorf("the process span is in trace %s under %s with links %v; want child of and linked to %s",
					span.TraceID, span.ParentID, span.Links, w3c)
			}
		})
	}
}

func TestAMessageWithoutAnyContextStartsATrace(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(func(context.Context, event.Envelope) error { return nil })
	b.Apply(t, s)
	o := brokertest.Outgoing(t, "o-1")
	o.Envelope.Metadata.TraceParent = "trace-id-from-producing-system" // the slide's
	b.Put(t, s, amqp091.Publishing{Body: brokertest.BodyOf(t, o)})
	b.Consumer(t, s)
	if span := b.Settled(t, "ack"); span.ParentID != "" || len(span.Links) != 0 {
		t.Errorf("the span has parent %q and links %v", span.ParentID, span.Links)
	}
}

func TestAProcessSpanFollowsTheConventions(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(func(context.Context, event.Envelope) error { return nil })
	p := b.Publisher(t, b.Apply(t, s))
	b.Consumer(t, s)
	o := brokertest.Outgoing(t, "o-1")
	brokertest.Send(t, p, o)
	span := b.Settled(t, "ack")
	if want := "process events:kitchen.order-boxed.v1:delivery.order-boxed"; span.Name != want || span.Kind != "consumer" || span.Status != "" {
		t.Errorf("the span is %q, %s, %q; want %q", span.Name, span.Kind, span.Status, want)
	}
	for key, want := range map[string]any{
		"traceria.conversation": "o-1", "traceria.kind": "event", "messaging.message.id": o.Envelope.Metadata.MessageID(),
		"messaging.message.conversation_id": "o-1", "messaging.system": "rabbitmq", "messaging.operation.type": "process",
		"traceria.delivery.attempt": int64(1),
	} {
		if got := span.Attributes[key]; got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
	if _, ok := span.Attributes["traceria.queue.wait_ms"].(int64); !ok {
		t.Errorf("traceria.queue.wait_ms is %v", span.Attributes["traceria.queue.wait_ms"])
	}
}

// The connection breaks while a handler works: its ack fails, and the message is delivered again.
func TestAMessageWhoseHandlerDiesComesBack(t *testing.T) {
	t.Parallel()
	direct := brokertest.New(t)
	line := newProxy(t, direct.URL)
	b := brokertest.At(t, line.url)
	begun, finish := make(chan string, 4), make(chan struct{})
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		begun <- e.Metadata.ConversationID
		<-finish
		return nil
	})
	brokertest.Send(t, direct.Publisher(t, direct.Apply(t, s)), brokertest.Outgoing(t, "o-1"))
	b.Consumer(t, s)
	brokertest.Receive(t, begun)
	line.cut()
	close(finish)
	if got := brokertest.Receive(t, begun); got != "o-1" {
		t.Errorf("what comes again is about %s", got)
	}
	brokertest.Eventually(t, "the second attempt is acked", func() bool {
		for _, span := range b.Memory.Spans() {
			if span.Attributes["traceria.delivery.attempt"] == int64(2) && span.Attributes["traceria.message.settled"] == "ack" {
				return true
			}
		}
		return false
	})
}

func TestStoppingFinishesAndAcksTheWorkInHand(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	s := brokertest.Boxed(func(ctx context.Context, _ event.Envelope) error {
		close(begun)
		<-finish
		return ctx.Err()
	})
	brokertest.Send(t, b.Publisher(t, b.Apply(t, s)), brokertest.Outgoing(t, "o-1"))
	c, stop := b.Consumer(t, s)
	brokertest.Receive(t, begun)
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	brokertest.Eventually(t, "the message is not given back while it is worked on", func() bool { return c.Ready() == nil })
	close(finish)
	brokertest.Receive(t, stopped)
	if span := b.Settled(t, "ack"); span.Status != "" {
		t.Errorf("the span has status %q", span.Status)
	}
	queue, err := b.Channel(t).QueueDeclarePassive(s.Queue(), true, false, false, false, nil)
	if err != nil || queue.Messages != 0 {
		t.Errorf("%d messages are left, %v", queue.Messages, err)
	}
}

func TestAllSubscriptionsOfAServiceAreConsumed(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	handled := make(chan string, 8)
	var subscriptions []broker.Subscription
	for _, typ := range []event.Type{event.OrderPreparingV1, event.OrderBoxedV1, event.OrderDeliveredV1} {
		subscriptions = append(subscriptions, broker.Subscription{
			Subscription: topology.Subscription{Subscriber: "order", Event: typ},
			Handle:       func(_ context.Context, e event.Envelope) error { handled <- e.Metadata.EventType; return nil },
		})
	}
	b.Apply(t, subscriptions...)
	c, _ := b.Consumer(t, subscriptions...)
	brokertest.Ready(t, c)
	p := b.Publisher(t, broker.TopologyOf(subscriptions))
	seen := map[string]bool{}
	for _, fact := range []event.Payload{event.OrderPreparing{OrderID: "o"}, event.OrderBoxed{OrderID: "o"}, event.OrderDelivered{OrderID: "o"}} {
		made, err := event.New(t.Context(), "test", "o", fact)
		if err != nil {
			t.Fatal(err)
		}
		brokertest.Send(t, p, event.Outgoing{Envelope: made[0]})
		seen[brokertest.Receive(t, handled)] = true
	}
	if len(seen) != 3 {
		t.Errorf("handled %s", fmt.Sprint(seen))
	}
}
