package otelamqp_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

func TestDestinationOfTheProducer(t *testing.T) {
	for _, tt := range []struct{ exchange, key, want string }{
		{"orders", "order.created", "orders:order.created"},
		{"orders", "", "orders"},
		{"", "kitchen", "kitchen"},
		{"", "", "amq.default"},
	} {
		b := newBundle(t)
		must(t, b.publisher(&stub{}).Publish(context.Background(), otelamqp.Message{Exchange: tt.exchange, RoutingKey: tt.key}))
		span := b.one()
		if want := "send " + tt.want; span.Name() != want {
			t.Errorf("name of the span is %q, want %q", span.Name(), want)
		}
		attrs := values(span.Attributes())
		if got := attrs[semconv.MessagingDestinationNameKey]; got != tt.want {
			t.Errorf("destination of (%q, %q) is %q, want %q", tt.exchange, tt.key, got, tt.want)
		}
		got, present := attrs[semconv.MessagingRabbitMQDestinationRoutingKeyKey]
		if present != (tt.key != "") || present && got != tt.key {
			t.Errorf("routing key is %v (present: %v), want %q and none when empty", got, present, tt.key)
		}
	}
}

func TestDestinationOfTheConsumer(t *testing.T) {
	for _, tt := range []struct{ exchange, key, queue, want string }{
		{"orders", "order.created", "kitchen", "orders:order.created:kitchen"},
		{"orders", "", "kitchen", "orders:kitchen"},
		{"", "kitchen", "kitchen", "kitchen"},
		{"orders", "kitchen", "kitchen", "orders:kitchen"},
		{"", "", "kitchen", "kitchen"},
		{"", "kitchen", "", "kitchen"},
		{"", "", "", "amq.default"},
	} {
		b := newBundle(t)
		d := amqp091.Delivery{Exchange: tt.exchange, RoutingKey: tt.key}
		must(t, b.consumer().Process(context.Background(), tt.queue, d, nothing))
		span := b.one()
		if got := values(span.Attributes())[semconv.MessagingDestinationNameKey]; got != tt.want || span.Name() != "process "+tt.want {
			t.Errorf("(%q, %q, %q): destination %q, name %q, want %q", tt.exchange, tt.key, tt.queue, got, span.Name(), tt.want)
		}
	}
}

// TestNamesMadeUpByTheBroker: the span name has the destination only if it is neither temporary nor anonymous
// (semconv).
func TestNamesMadeUpByTheBroker(t *testing.T) {
	b := newBundle(t)
	c := b.consumer()
	must(t, c.Process(context.Background(), "amq.gen-Xa2", amqp091.Delivery{Exchange: "orders", RoutingKey: "order.created"}, nothing))
	span := b.one()
	if span.Name() != "process orders:order.created" {
		t.Errorf("the span name %q has the generated name of the queue", span.Name())
	}
	attrs := values(span.Attributes())
	if attrs[semconv.MessagingDestinationAnonymousKey] != true || attrs[semconv.MessagingDestinationNameKey] != "orders:order.created:amq.gen-Xa2" {
		t.Errorf("attributes %v: want anonymous, and the whole name", attrs)
	}
	for _, point := range histogram(t, b.metrics()["messaging.process.duration"]) {
		if point.Attributes.HasValue(semconv.MessagingDestinationNameKey) {
			t.Error("a metric has a destination of high cardinality")
		}
	}

	b = newBundle(t)
	must(t, b.publisher(&stub{}).Publish(context.Background(), otelamqp.Message{RoutingKey: "amq.rabbitmq.reply-to.g1h2AA"}))
	span = b.one()
	attrs = values(span.Attributes())
	if span.Name() != "send" || attrs[semconv.MessagingDestinationTemporaryKey] != true {
		t.Errorf("name %q, attributes %v: want no destination, temporary", span.Name(), attrs)
	}
}

func everything() []otelamqp.Option {
	return []otelamqp.Option{
		otelamqp.WithServerAddress("broker.example", 5672), otelamqp.WithPeerAddress("10.0.0.7", 5672),
		otelamqp.WithClientID("order-1"), otelamqp.WithMessageSizes(), otelamqp.WithSettleSpans(),
	}
}

func TestSendSpan(t *testing.T) {
	b := newBundle(t)
	m := otelamqp.Message{Exchange: "orders", RoutingKey: "order.created", Publishing: amqp091.Publishing{
		MessageId: "m-1", CorrelationId: "c-1", Body: []byte("hello"), DeliveryMode: 2, Priority: 1, Timestamp: time.Unix(1, 0),
	}}
	must(t, b.publisher(&stub{}, append(everything(), otelamqp.WithSentAtHeader(""))...).Publish(context.Background(), m))
	span := b.one()
	if span.SpanKind() != trace.SpanKindProducer {
		t.Errorf("kind %v, want producer", span.SpanKind())
	}
	atStart := map[attribute.Key]any{
		"messaging.system": "rabbitmq", "messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": "orders:order.created", "messaging.rabbitmq.destination.routing_key": "order.created",
		"server.address": "broker.example", "server.port": int64(5672),
		"network.peer.address": "10.0.0.7", "network.peer.port": int64(5672), "messaging.client.id": "order-1",
	}
	if diff := cmp.Diff(atStart, b.sampler.atStart(t, span.Name())); diff != "" {
		t.Errorf("attributes at the start (-want +got):\n%s", diff)
	}
	// The envelope: 5 of the body, 2 flags, 1+3 message id, 1+3 correlation id, 1 mode, 1 priority, 8 time, and
	// the table with traceparent: 4 + 1+11 + 1+4+55.
	atEnd := map[attribute.Key]any{
		"messaging.message.id": "m-1", "messaging.message.conversation_id": "c-1", "messaging.message.body.size": int64(5),
		"messaging.message.envelope.size": int64(5 + 2 + (1 + 3) + (1 + 3) + 1 + 1 + 8 + (4 + 1 + 11 + 1 + 4 + 55)),
	}
	maps.Copy(atEnd, atStart)
	if diff := cmp.Diff(atEnd, values(span.Attributes())); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if span.Status().Code != codes.Unset || len(span.Events()) != 0 {
		t.Errorf("status %v, %d events: success has neither", span.Status(), len(span.Events()))
	}
}

func TestProcessSpan(t *testing.T) {
	b := newBundle(t)
	d := delivery(1500 * time.Millisecond)
	d.Headers[otelamqp.AttemptHeader] = int64(2)
	err := b.consumer(everything()...).Process(context.Background(), "kitchen", d, nothing,
		otelamqp.WithStartAttributes(attribute.String("traceria.kind", "event")))
	must(t, err)
	span := b.one()
	if span.SpanKind() != trace.SpanKindConsumer || span.Name() != "process orders:order.created:kitchen" {
		t.Errorf("%v %q", span.SpanKind(), span.Name())
	}
	got := b.sampler.atStart(t, span.Name())
	wait, _ := got[otelamqp.QueueWaitKey].(int64)
	if wait < 1500 || wait > 30000 {
		t.Errorf("queue wait at the start is %v ms, want at least 1500", got[otelamqp.QueueWaitKey])
	}
	atStart := map[attribute.Key]any{
		"messaging.system": "rabbitmq", "messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.destination.name": "orders:order.created:kitchen", "messaging.rabbitmq.destination.routing_key": "order.created",
		"server.address": "broker.example", "server.port": int64(5672), "messaging.client.id": "order-1",
		"traceria.delivery.attempt": int64(2), "traceria.queue.wait_ms": wait, "traceria.kind": "event",
		"messaging.rabbitmq.message.delivery_tag": int64(9), "messaging.message.id": "m-1",
		"messaging.message.conversation_id": "c-1", "messaging.message.body.size": int64(5),
		// 2 flags, two identifiers of 3, the table: traceparent, baggage, the attempt and the send time.
		"messaging.message.envelope.size": int64(5 + 2 + 4 + 4 + 4 + (1 + 11 + 1 + 4 + 55) + (1 + 7 + 1 + 4 + 10) +
			(1 + 16 + 1 + 8) + (1 + 16 + 1 + 8)),
	}
	if diff := cmp.Diff(atStart, got); diff != "" {
		t.Errorf("attributes at the start, no network.peer among them (-want +got):\n%s", diff)
	}
}

func TestSizesAreOptIn(t *testing.T) {
	b := newBundle(t)
	must(t, b.publisher(&stub{}).Publish(context.Background(), otelamqp.Message{Exchange: "orders"}))
	must(t, b.consumer().Process(context.Background(), "kitchen", delivery(0), nothing))
	for _, span := range b.spans.Ended() {
		for _, kv := range span.Attributes() {
			if strings.HasSuffix(string(kv.Key), ".size") {
				t.Errorf("%s has %s without being asked", span.Name(), kv.Key)
			}
		}
	}
}

func TestScopeNamesTheConventions(t *testing.T) {
	b := newBundle(t)
	must(t, b.publisher(&stub{}).Publish(context.Background(), otelamqp.Message{Exchange: "orders"}))
	scope := b.one().InstrumentationScope()
	if scope.Name != otelamqp.ScopeName || scope.Version != otelamqp.Version() || scope.SchemaURL != "https://opentelemetry.io/schemas/1.43.0" {
		t.Errorf("scope %+v", scope)
	}
}

type badMeal struct{}

func (badMeal) Error() string     { return "the meal is bad" }
func (badMeal) ErrorType() string { return "bad_meal" }

func TestErrorType(t *testing.T) {
	broker := func(code int, server bool) error {
		return &amqp091.Error{Code: code, Reason: "because", Server: server}
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("any"), "_OTHER"},
		{context.Canceled, "_OTHER"},
		{otelamqp.ErrNack, "nack"},
		{otelamqp.ErrUnroutable, "unroutable"},
		{otelamqp.ErrUnsendable, "unsendable"},
		{otelamqp.ErrConfirmTimeout, "confirm_timeout"},
		{otelamqp.ErrConfirmUnknown, "confirm_unknown"},
		{errors.Join(otelamqp.ErrConfirmUnknown, broker(amqp091.ConnectionForced, true)), "confirm_unknown"},
		{errors.Join(otelamqp.ErrConfirmUnknown, broker(amqp091.NotFound, true)), "NOT_FOUND"},
		{errors.Join(otelamqp.ErrConfirmUnknown, broker(amqp091.NotFound, false)), "confirm_unknown"},
		{broker(amqp091.PreconditionFailed, true), "PRECONDITION_FAILED"},
		{amqp091.ErrClosed, "CHANNEL_ERROR"},
		{broker(999, true), "_OTHER"},
		{badMeal{}, "bad_meal"},
	} {
		if got := otelamqp.ErrorType(tt.err); got != tt.want {
			t.Errorf("ErrorType(%v) is %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestTemplateReplacesTheNameWhereCardinalityMatters(t *testing.T) {
	b := newBundle(t)
	template := func(exchange, key, _ string) string {
		if strings.HasPrefix(key, "order.") {
			return exchange + ":order.{id}"
		}
		return ""
	}
	p := b.publisher(&stub{}, otelamqp.WithDestinationTemplate(template))
	must(t, p.Publish(context.Background(), otelamqp.Message{Exchange: "orders", RoutingKey: "order.4711"}))
	span := b.named("send orders:order.{id}")
	attrs := values(span.Attributes())
	if attrs[semconv.MessagingDestinationTemplateKey] != "orders:order.{id}" || attrs[semconv.MessagingDestinationNameKey] != "orders:order.4711" {
		t.Errorf("attributes %v", attrs)
	}
	set := counted(t, b.metrics()["messaging.client.sent.messages"])[0].Attributes
	if v, _ := set.Value(semconv.MessagingDestinationTemplateKey); v.AsString() != "orders:order.{id}" || set.HasValue(semconv.MessagingDestinationNameKey) {
		t.Errorf("metric attributes %v: want the template and not the name", set.ToSlice())
	}
	must(t, p.Publish(context.Background(), otelamqp.Message{Exchange: "orders", RoutingKey: "other"}))
	if attrs := values(b.named("send orders:other").Attributes()); attrs[semconv.MessagingDestinationTemplateKey] != nil {
		t.Errorf("a destination without template has one: %v", attrs)
	}
}

func TestSpanNameOption(t *testing.T) {
	b := newBundle(t)
	p := b.publisher(&stub{}, otelamqp.WithSpanName(func(op, destination string) string { return destination + "/" + op }))
	must(t, p.Publish(context.Background(), otelamqp.Message{Exchange: "orders", RoutingKey: "k"}))
	b.named("orders:k/send")
}

// TestFilteredMessagesStillCarryTheContext: a message without telemetry still propagates the trace.
func TestFilteredMessagesStillCarryTheContext(t *testing.T) {
	b := newBundle(t)
	no := otelamqp.WithFilter(func(exchange, _, _ string) bool { return exchange != "noise" })
	ch := &stub{}
	ctx, ambient := b.tracer.Start(context.Background(), "ambient")
	must(t, b.publisher(ch, no).Publish(ctx, otelamqp.Message{Exchange: "noise"}))
	if got := otelamqp.HeaderCarrier(ch.last(t).msg.Headers).Get("traceparent"); !strings.Contains(got, ambient.SpanContext().SpanID().String()) {
		t.Errorf("traceparent %q does not lead to the ambient span", got)
	}
	d := delivery(0)
	d.Exchange = "noise"
	var seen trace.SpanContext
	must(t, b.consumer(no).Process(context.Background(), "q", d, func(ctx context.Context, _ amqp091.Delivery) error {
		seen = trace.SpanContextFromContext(ctx)
		return nil
	}))
	if seen.SpanID() != remote().SpanID() {
		t.Errorf("the handler's context leads to %v, want the sender", seen.SpanID())
	}
	if ended := b.spans.Ended(); len(ended) != 0 {
		t.Errorf("filtered messages have spans: %v", names(ended))
	}
	if m := b.metrics(); len(m) != 0 {
		t.Errorf("filtered messages have metrics: %v", m)
	}
}
