package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
	"traceria/telemetry/tracetree"
)

func TestAPublisherWaitsForTheQueuesOfThoseWhoWantItsEvents(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	all := broker.TopologyOf([]broker.Subscription{brokertest.Boxed(nil)})
	p := b.Publisher(t, all)
	brokertest.Eventually(t, "it says what it waits for", func() bool {
		err := p.Ready()
		return err != nil && strings.Contains(err.Error(), "queue delivery.order-boxed") && strings.Contains(err.Error(), "traceria topology apply")
	})
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if errs := p.Publish(impatient, []event.Outgoing{brokertest.Outgoing(t, "o-1")}); !errors.Is(errs[0], event.ErrBrokerAway) {
		t.Errorf("got %v, want ErrBrokerAway", errs[0])
	}
	b.Apply(t, brokertest.Boxed(nil))
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-2"))
	if d := b.Take(t, brokertest.Boxed(nil).Queue()); d.CorrelationId != "o-2" {
		t.Errorf("the first event in the queue is about %s, want o-2", d.CorrelationId)
	}
}

func TestAMessageRepeatsItsMetadataInPropertiesAndHeaders(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	p := b.Publisher(t, b.Apply(t, brokertest.Boxed(nil)))
	ctx, request := b.Telemetry.TracerProvider.Tracer("test").Start(t.Context(), "POST /order")
	o := brokertest.Outgoing(t, "o-1")
	o.Context = telemetry.Carry(ctx)
	request.End()
	brokertest.Send(t, p, o)
	d := b.Take(t, brokertest.Boxed(nil).Queue())
	m := o.Envelope.Metadata
	got := []string{d.MessageId, d.CorrelationId, d.Type, d.AppId, d.ContentType, d.Exchange, d.RoutingKey}
	want := []string{m.MessageID(), "o-1", "OrderBoxed", "kitchen", "application/json", "events", "kitchen.order-boxed.v1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if d.DeliveryMode != amqp091.Persistent || d.Timestamp.Unix() != m.EventDate.Unix() {
		t.Errorf("delivery mode %d, timestamp %s; want persistent, %s", d.DeliveryMode, d.Timestamp, m.EventDate)
	}
	if sent, ok := d.Headers["traceria-sent-at"].(int64); !ok || time.Since(time.Unix(0, sent)) > brokertest.Deadline {
		t.Errorf("traceria-sent-at is %v", d.Headers["traceria-sent-at"])
	}
	var body event.Envelope
	if err := json.Unmarshal(d.Body, &body); err != nil {
		t.Fatal(err)
	}
	span := spanNamed(t, b, "send events:kitchen.order-boxed.v1")
	parent := "00-" + span.TraceID + "-" + span.SpanID + "-01"
	if d.Headers["traceparent"] != parent || body.Metadata.TraceParent != parent || body.Metadata.ParentSpan != span.SpanID {
		t.Errorf("headers have %v, metadata %s and %s; want the send span's %s", d.Headers["traceparent"],
			body.Metadata.TraceParent, body.Metadata.ParentSpan, parent)
	}
	if span.ParentID != request.SpanContext().SpanID().String() || span.Kind != "producer" ||
		span.Attributes["traceria.conversation"] != "o-1" || span.Attributes["traceria.kind"] != "event" ||
		span.Attributes["messaging.message.conversation_id"] != "o-1" {
		t.Errorf("the send span is %+v", span)
	}
}

func spanNamed(t *testing.T, b *brokertest.Bundle, name string) (found tracetree.Span) {
	t.Helper()
	brokertest.Eventually(t, "the span "+name+" ends", func() bool {
		for _, span := range b.Memory.Spans() {
			if span.Name == name {
				found = span
				return true
			}
		}
		return false
	})
	return found
}

func TestAnUnroutableEventIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	b.Apply(t, brokertest.Boxed(nil))
	p := b.Publisher(t, topology.Topology{})
	nobody, err := event.New(t.Context(), "delivery", "o-1", event.OrderDelivered{OrderID: "o-1"})
	if err != nil {
		t.Fatal(err)
	}
	unheardOf := brokertest.Outgoing(t, "o-2")
	unheardOf.Envelope.Metadata.EventType = "OrderEaten"
	ctx, cancel := context.WithTimeout(t.Context(), brokertest.Deadline)
	defer cancel()
	errs := p.Publish(ctx, []event.Outgoing{brokertest.Outgoing(t, "o-0"), {Envelope: nobody[0]}, unheardOf, brokertest.Outgoing(t, "o-3")})
	if errs[0] != nil || errs[3] != nil {
		t.Errorf("the neighbours got %v and %v", errs[0], errs[3])
	}
	if !errors.Is(errs[1], otelamqp.ErrUnroutable) || errors.Is(errs[1], event.ErrBrokerAway) {
		t.Errorf("an event without a queue got %v, want ErrUnroutable", errs[1])
	}
	if errs[2] == nil || errors.Is(errs[2], event.ErrBrokerAway) || !strings.Contains(errs[2].Error(), "OrderEaten") {
		t.Errorf("an event out of no catalogue got %v", errs[2])
	}
	span := spanNamed(t, b, "send events:delivery.order-delivered.v1")
	if span.Status != "error" || span.Attributes["error.type"] != "unroutable" {
		t.Errorf("the send span has status %q, error.type %v", span.Status, span.Attributes["error.type"])
	}
}

func TestThousandsOfEventsAreConfirmedInOrder(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	p := b.Publisher(t, b.Apply(t, brokertest.Boxed(nil)))
	const events = 2000
	batch := make([]event.Outgoing, events)
	for i := range batch {
		batch[i] = brokertest.Outgoing(t, "o")
	}
	brokertest.Send(t, p, batch...)
	ch := b.Channel(t)
	deliveries, err := ch.Consume(brokertest.Boxed(nil).Queue(), "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range batch {
		if d := brokertest.Receive(t, deliveries); d.MessageId != batch[i].Envelope.Metadata.MessageID() {
			t.Fatalf("message %d is %s, want %s", i, d.MessageId, batch[i].Envelope.Metadata.MessageID())
		}
	}
}
