package otelamqp_test

import (
	"context"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
)

func TestMetrics(t *testing.T) {
	b := newBundle(t)
	server := otelamqp.WithServerAddress("broker.example", 5672)
	p := b.publisher(&stub{answer: func(_ *stub, n int, m sent) { m.confirm.answer(n == 0) }}, server)
	must(t, p.Publish(context.Background(), event()))
	_ = p.Publish(context.Background(), event())
	send := b.spans.Ended()[0]
	c := b.consumer(server, otelamqp.WithSettleSpans())
	must(t, c.Process(context.Background(), "q", delivery(2*time.Second), func(_ context.Context, d amqp091.Delivery) error { return d.Ack(false) }))
	_ = c.Process(context.Background(), "q", delivery(0), func(context.Context, amqp091.Delivery) error { return badMeal{} })
	all := b.metrics()

	on := func(operation, destination string, more ...attribute.KeyValue) map[attribute.Key]any {
		m := map[attribute.Key]any{
			"messaging.system": "rabbitmq", "messaging.operation.name": operation, "messaging.destination.name": destination,
			"server.address": "broker.example", "server.port": int64(5672),
		}
		for _, kv := range more {
			m[kv.Key] = kv.Value.AsInterface()
		}
		return m
	}
	const to, from = "orders:order.created", "orders:order.created:q"
	typ := func(v string) attribute.KeyValue { return attribute.String("messaging.operation.type", v) }
	of := func(v string) attribute.KeyValue {
		return attribute.String("messaging.destination.subscription.name", v)
	}
	errType := func(v string) attribute.KeyValue { return attribute.String("error.type", v) }
	for name, want := range map[string]struct {
		unit   string
		points []map[attribute.Key]any
	}{
		"messaging.client.operation.duration": {"s", []map[attribute.Key]any{
			on("send", to, typ("send")), on("send", to, typ("send"), errType("nack")), on("ack", from, typ("settle"), of("q")),
		}},
		"messaging.process.duration":         {"s", []map[attribute.Key]any{on("process", from, of("q")), on("process", from, of("q"), errType("bad_meal"))}},
		"messaging.client.sent.messages":     {"{message}", []map[attribute.Key]any{on("send", to), on("send", to, errType("nack"))}},
		"messaging.client.consumed.messages": {"{message}", []map[attribute.Key]any{on("process", from, of("q"))}},
		"traceria.queue.wait":                {"s", []map[attribute.Key]any{on("process", from, of("q"))}},
	} {
		m := all[name]
		if m.Unit != want.unit || m.Description == "" {
			t.Errorf("%s: unit %q, want %q; description %q", name, m.Unit, want.unit, m.Description)
		}
		var got []map[attribute.Key]any
		if m.Unit == "s" {
			for _, point := range histogram(t, m) {
				got = append(got, values(point.Attributes.ToSlice()))
			}
		} else {
			for _, point := range counted(t, m) {
				got = append(got, values(point.Attributes.ToSlice()))
			}
		}
		if diff := cmp.Diff(want.points, got, cmp.Transformer("set", asSet)); diff != "" {
			t.Errorf("%s: attributes (-want +got):\n%s", name, diff)
		}
	}
	for _, point := range histogram(t, all["messaging.client.operation.duration"]) {
		if point.Attributes.HasValue("error.type") || !pointIs(point.Attributes, "send") {
			continue
		}
		if want := send.EndTime().Sub(send.StartTime()).Seconds(); point.Sum != want {
			t.Errorf("duration %v, that of the span %v: want the same", point.Sum, want)
		}
	}
	if consumed := counted(t, all["messaging.client.consumed.messages"])[0]; consumed.Value != 2 {
		t.Errorf("%d messages consumed, want 2", consumed.Value)
	}
	if wait := histogram(t, all["traceria.queue.wait"])[0]; wait.Sum < 2 || wait.Count != 2 {
		t.Errorf("queue waits: %d of %v s together, want 2 of at least 2 s", wait.Count, wait.Sum)
	}
}

func pointIs(set attribute.Set, operation string) bool {
	v, _ := set.Value("messaging.operation.name")
	return v.AsString() == operation
}

// asSet makes the comparison ignore the order of data points.
func asSet(points []map[attribute.Key]any) map[string]map[attribute.Key]any {
	m := map[string]map[attribute.Key]any{}
	for _, p := range points {
		e, _ := p["error.type"].(string)
		m[p["messaging.operation.name"].(string)+"/"+e] = p
	}
	return m
}

func TestAdvisedBuckets(t *testing.T) {
	b := newBundle(t)
	must(t, b.publisher(&stub{}).Publish(context.Background(), event()))
	must(t, b.consumer().Process(context.Background(), "q", delivery(0), nothing))
	want := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	for _, name := range []string{"messaging.client.operation.duration", "messaging.process.duration"} {
		if diff := cmp.Diff(want, histogram(t, b.metrics()[name])[0].Bounds); diff != "" {
			t.Errorf("%s: buckets (-want +got):\n%s", name, diff)
		}
	}
}

// TestManyDestinationsAreNotKept: routing keys with identifiers do not fill the memory, and their messages have
// telemetry.
func TestManyDestinationsAreNotKept(t *testing.T) {
	b := newBundle(t)
	p := b.publisher(&stub{})
	for i := range 3000 {
		m := event()
		m.RoutingKey = "order." + time.Unix(int64(i), 0).UTC().Format("150405")
		must(t, p.Publish(context.Background(), m))
	}
	if n := otelamqp.KeptDestinations(p); n > 1024 {
		t.Errorf("%d destinations are kept", n)
	}
	if n := len(b.spans.Ended()); n != 3000 {
		t.Errorf("%d spans for 3000 messages", n)
	}
}
