package otelamqp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func mode(m otelamqp.TraceMode) otelamqp.Option {
	return otelamqp.WithTraceMode(func(context.Context) otelamqp.TraceMode { return m })
}

// TestTraceStructure checks parent and links of the process span in every mode, with and without an ambient span, and
// with and without a context in the message.
func TestTraceStructure(t *testing.T) {
	const sender, ambient, root = "sender", "ambient", "root"
	for _, tt := range []struct {
		name       string
		mode       otelamqp.TraceMode
		ambient    bool
		noContext  bool
		maxAge     time.Duration
		wantParent string
		wantLinks  []string
	}{
		{name: "parent", wantParent: sender, wantLinks: []string{sender}},
		{name: "parent, ambient span", ambient: true, wantParent: ambient, wantLinks: []string{sender}},
		{name: "parent, no context", noContext: true, wantParent: root},
		{name: "parent, ambient span, no context", ambient: true, noContext: true, wantParent: ambient},
		{name: "parent, too old", maxAge: time.Second, wantParent: root, wantLinks: []string{sender}},
		{name: "parent, young enough", maxAge: time.Hour, wantParent: sender, wantLinks: []string{sender}},
		{name: "parent, ambient span, too old", ambient: true, maxAge: time.Second, wantParent: ambient, wantLinks: []string{sender}},
		{name: "link", mode: otelamqp.Link, wantParent: root, wantLinks: []string{sender}},
		{name: "link, ambient span", mode: otelamqp.Link, ambient: true, wantParent: root, wantLinks: []string{sender, ambient}},
		{name: "none", mode: otelamqp.None, wantParent: root},
		{name: "none, ambient span", mode: otelamqp.None, ambient: true, wantParent: root},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBundle(t)
			ctx, ids := context.Background(), map[trace.SpanID]string{remote().SpanID(): sender, {}: root}
			if tt.ambient {
				var span trace.Span
				ctx, span = b.tracer.Start(ctx, ambient)
				ids[span.SpanContext().SpanID()] = ambient
			}
			d := delivery(time.Minute)
			if tt.noContext {
				delete(d.Headers, "traceparent")
			}
			tenant := ""
			must(t, b.consumer(mode(tt.mode), otelamqp.WithMaxAge(tt.maxAge)).Process(ctx, "q", d, func(ctx context.Context, _ amqp091.Delivery) error {
				tenant = baggage.FromContext(ctx).Member("tenant").Value()
				return nil
			}))
			span := b.one()
			if got := ids[span.Parent().SpanID()]; got != tt.wantParent {
				t.Errorf("parent %q, want %q", got, tt.wantParent)
			}
			var links []string
			for _, l := range span.Links() {
				links = append(links, ids[l.SpanContext.SpanID()])
			}
			if strings.Join(links, " ") != strings.Join(tt.wantLinks, " ") {
				t.Errorf("links %v, want %v", links, tt.wantLinks)
			}
			if root := span.SpanContext().TraceID() != remote().TraceID() && !span.Parent().IsValid(); root != (tt.wantParent == "root") {
				t.Errorf("the span is a root: %v", root)
			}
			if tenant != "one" {
				t.Errorf("the baggage did not reach the handler: %q", tenant)
			}
		})
	}
}

func TestModeChangesAtRunTime(t *testing.T) {
	b := newBundle(t)
	now := otelamqp.Parent
	seen := ""
	c := b.consumer(otelamqp.WithTraceMode(func(ctx context.Context) otelamqp.TraceMode {
		seen = baggage.FromContext(ctx).Member("tenant").Value()
		return now
	}))
	for _, want := range []bool{true, false} {
		must(t, c.Process(context.Background(), "q", delivery(0), nothing))
		spans := b.spans.Ended()
		if child := spans[len(spans)-1].Parent().IsValid(); child != want {
			t.Errorf("mode %s: child of the sender: %v", now, child)
		}
		now = otelamqp.Link
	}
	if seen != "one" {
		t.Error("the mode is chosen without the message's baggage")
	}
	if got := []string{otelamqp.Parent.String(), otelamqp.Link.String(), otelamqp.None.String()}; strings.Join(got, " ") != "parent link none" {
		t.Errorf("names of the modes: %v", got)
	}
}

// TestMaxAgeWithoutSendTime: messages of other clients have no send time, but may have a timestamp.
func TestMaxAgeWithoutSendTime(t *testing.T) {
	b := newBundle(t)
	d := delivery(-1)
	d.Timestamp = time.Now().Add(-time.Hour)
	must(t, b.consumer(otelamqp.WithMaxAge(time.Minute)).Process(context.Background(), "q", d, nothing))
	span := b.one()
	if span.Parent().IsValid() || len(span.Links()) != 1 {
		t.Errorf("parent %v, links %v: want a link only", span.Parent(), span.Links())
	}
	if _, has := values(span.Attributes())[otelamqp.QueueWaitKey]; has {
		t.Error("a queue wait without a send time")
	}
}

// TestContextExtractedBefore: a message context that the caller has extracted is not an ambient span.
func TestContextExtractedBefore(t *testing.T) {
	b := newBundle(t)
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), remote())
	must(t, b.consumer().Process(ctx, "q", delivery(0), nothing))
	span := b.one()
	if span.Parent().SpanID() != remote().SpanID() || len(span.Links()) != 1 {
		t.Errorf("parent %v, %d links", span.Parent().SpanID(), len(span.Links()))
	}
}

func TestFallbackCarrier(t *testing.T) {
	metadata := propagation.MapCarrier{"traceparent": "00-0a000000000000000000000000000000-0b00000000000000-01", "baggage": "tenant=two"}
	for name, change := range map[string]func(amqp091.Table){
		"absent":    func(h amqp091.Table) { clear(h) },
		"malformed": func(h amqp091.Table) { h["traceparent"] = "00-nonsense"; delete(h, "baggage") },
	} {
		b := newBundle(t)
		d := delivery(0)
		change(d.Headers)
		tenant := ""
		must(t, b.consumer().Process(context.Background(), "q", d, func(ctx context.Context, _ amqp091.Delivery) error {
			tenant = baggage.FromContext(ctx).Member("tenant").Value()
			return nil
		}, otelamqp.WithFallbackCarrier(metadata)))
		if got := b.one().Parent().SpanID(); got != (trace.SpanID{0x0b}) || tenant != "two" {
			t.Errorf("%s: parent %v, baggage %q: want those of the fallback", name, got, tenant)
		}
	}
	b := newBundle(t)
	must(t, b.consumer().Process(context.Background(), "q", delivery(0), nothing, otelamqp.WithFallbackCarrier(metadata)))
	if got := b.one().Parent().SpanID(); got != remote().SpanID() {
		t.Errorf("parent %v: the headers come first", got)
	}
}

func TestFirstDestination(t *testing.T) {
	b := newBundle(t)
	d := delivery(0)
	d.Exchange, d.RoutingKey = "", "kitchen" // as after a retry queue
	must(t, b.consumer().Process(context.Background(), "kitchen", d, nothing, otelamqp.WithFirstDestination("orders", "order.created")))
	b.named("process orders:order.created:kitchen")
}

func TestHandlerSeesItsSpanAndTheCallersValues(t *testing.T) {
	type key struct{}
	b := newBundle(t)
	ctx := context.WithValue(context.Background(), key{}, "conversation 7")
	var seen trace.SpanContext
	must(t, b.consumer().Process(ctx, "q", delivery(0), func(ctx context.Context, _ amqp091.Delivery) error {
		seen = trace.SpanContextFromContext(ctx)
		if ctx.Value(key{}) != "conversation 7" {
			t.Error("the caller's values are lost")
		}
		if len(b.spans.Ended()) != 0 {
			t.Error("the span ended before its handler")
		}
		return nil
	}))
	if b.one().SpanContext().SpanID() != seen.SpanID() {
		t.Error("the handler did not run inside the process span")
	}
}

func TestHandlerFails(t *testing.T) {
	b := newBundle(t)
	boom := errors.New("boom")
	if err := b.consumer().Process(context.Background(), "q", delivery(0), func(context.Context, amqp091.Delivery) error { return boom }); err != boom { //nolint:errorlint // exactly what the handler returned
		t.Errorf("Process returned %v", err)
	}
	failed(t, b.one(), "_OTHER")

	b = newBundle(t)
	_ = b.consumer().Process(context.Background(), "q", delivery(0), func(context.Context, amqp091.Delivery) error { return badMeal{} })
	failed(t, b.one(), "bad_meal")
}

func TestHandlerPanics(t *testing.T) {
	b := newBundle(t)
	func() {
		defer func() {
			if r := recover(); r != "burnt" {
				t.Errorf("recovered %v: the panic must go on as it was", r)
			}
		}()
		_ = b.consumer().Process(context.Background(), "q", delivery(0), func(context.Context, amqp091.Delivery) error { panic("burnt") })
	}()
	failed(t, b.one(), "panic")
}

// TestHandlerEndsItsGoroutine: runtime.Goexit, which t.FailNow uses, must not leave the span open either.
func TestHandlerEndsItsGoroutine(t *testing.T) {
	b := newBundle(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.consumer().Process(context.Background(), "q", delivery(0), func(context.Context, amqp091.Delivery) error {
			new(testing.T).SkipNow()
			return nil
		})
	}()
	<-done
	failed(t, b.one(), "panic")
}

func TestSettleSpans(t *testing.T) {
	for call, settle := range map[string]func(amqp091.Delivery) error{
		"ack":    func(d amqp091.Delivery) error { return d.Ack(false) },
		"nack":   func(d amqp091.Delivery) error { return d.Nack(false, true) },
		"reject": func(d amqp091.Delivery) error { return d.Reject(false) },
	} {
		b := newBundle(t)
		d := delivery(0)
		must(t, b.consumer(everything()...).Process(context.Background(), "q", d, func(_ context.Context, d amqp091.Delivery) error { return settle(d) }))
		span, process := b.named(call+" orders:order.created:q"), b.named("process orders:order.created:q")
		if span.SpanKind() != trace.SpanKindClient || span.Parent().SpanID() != process.SpanContext().SpanID() {
			t.Errorf("%s: kind %v, parent %v", call, span.SpanKind(), span.Parent().SpanID())
		}
		if len(span.Links()) != 1 || span.Links()[0].SpanContext.SpanID() != remote().SpanID() {
			t.Errorf("%s: links %v", call, span.Links())
		}
		attrs := values(span.Attributes())
		for k, want := range map[attribute.Key]any{
			"messaging.operation.name": call, "messaging.operation.type": "settle", "messaging.system": "rabbitmq",
			"messaging.rabbitmq.message.delivery_tag": int64(9), "messaging.message.id": "m-1", "network.peer.address": "10.0.0.7",
			"messaging.message.conversation_id": "c-1",
		} {
			if attrs[k] != want {
				t.Errorf("%s: %s is %v, want %v", call, k, attrs[k], want)
			}
		}
		if calls := d.Acknowledger.(*settlement).calls; len(calls) != 1 || calls[0] != call {
			t.Errorf("the broker was asked %v", calls)
		}
	}
}

func TestSettlingFails(t *testing.T) {
	b := newBundle(t)
	d := delivery(0)
	d.Acknowledger = &settlement{err: amqp091.ErrClosed}
	err := b.consumer(otelamqp.WithSettleSpans()).Process(context.Background(), "q", d, func(_ context.Context, d amqp091.Delivery) error { return d.Ack(true) })
	if !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("error %v", err)
	}
	span := b.named("ack orders:order.created:q")
	failed(t, span, "CHANNEL_ERROR")
	if _, has := values(span.Attributes())["messaging.message.id"]; has {
		t.Error("an ack of several messages has the identifier of one")
	}
}

func TestProcessBatch(t *testing.T) {
	b := newBundle(t)
	first, second, third := delivery(0), delivery(0), delivery(0)
	second.MessageId, second.DeliveryTag = "m-2", 10
	second.Headers["traceparent"] = "00-0a000000000000000000000000000000-0b00000000000000-01"
	third.MessageId, third.DeliveryTag, third.Headers = "m-3", 11, nil
	ctx, ambient := b.tracer.Start(context.Background(), "ambient")
	must(t, b.consumer().ProcessBatch(ctx, "q", []amqp091.Delivery{first, second, third}, func(_ context.Context, batch []amqp091.Delivery) error {
		if len(batch) != 3 {
			t.Errorf("%d messages", len(batch))
		}
		return nil
	}))
	span := b.named("process orders:order.created:q")
	if span.SpanKind() != trace.SpanKindConsumer || span.Parent().SpanID() != ambient.SpanContext().SpanID() {
		t.Errorf("kind %v, parent %v: a batch belongs to no message", span.SpanKind(), span.Parent())
	}
	attrs := values(span.Attributes())
	if attrs["messaging.batch.message_count"] != int64(3) || attrs["messaging.message.conversation_id"] != "c-1" || attrs["messaging.message.id"] != nil {
		t.Errorf("attributes %v: want the count and the shared attributes", attrs)
	}
	links := span.Links()
	if len(links) != 2 {
		t.Fatalf("%d links, want one for each message with a context", len(links))
	}
	if got := values(links[1].Attributes); links[1].SpanContext.SpanID() != (trace.SpanID{0x0b}) || got["messaging.message.id"] != "m-2" ||
		got["messaging.rabbitmq.message.delivery_tag"] != int64(10) || got["messaging.message.conversation_id"] != nil {
		t.Errorf("second link %v %v: want the other attributes", links[1].SpanContext.SpanID(), got)
	}

	for _, m := range []otelamqp.TraceMode{otelamqp.Link, otelamqp.None} {
		b := newBundle(t)
		ctx, _ := b.tracer.Start(context.Background(), "ambient")
		boom := errors.New("boom")
		err := b.consumer(mode(m)).ProcessBatch(ctx, "q", []amqp091.Delivery{first, second}, func(context.Context, []amqp091.Delivery) error { return boom })
		if !errors.Is(err, boom) {
			t.Errorf("error %v", err)
		}
		failed(t, b.one(), "_OTHER")
		if want := map[otelamqp.TraceMode]int{otelamqp.Link: 3, otelamqp.None: 0}[m]; b.one().Parent().IsValid() || len(b.one().Links()) != want {
			t.Errorf("mode %s: parent %v, %d links, want %d", m, b.one().Parent(), len(b.one().Links()), want)
		}
	}
	must(t, b.consumer().ProcessBatch(context.Background(), "q", nil, nil))
}

// getter is a channel with at most one message.
type getter struct {
	d   amqp091.Delivery
	ok  bool
	err error
}

func (g getter) Get(string, bool) (amqp091.Delivery, bool, error) { return g.d, g.ok, g.err }

func TestGet(t *testing.T) {
	b := newBundle(t)
	c := b.consumer(everything()...)
	ctx, ambient := b.tracer.Start(context.Background(), "ambient")
	d, ok, err := c.Get(ctx, getter{d: delivery(0), ok: true}, "q", false)
	must(t, err)
	span := b.named("receive orders:order.created:q")
	if !ok || span.SpanKind() != trace.SpanKindClient || span.Parent().SpanID() != ambient.SpanContext().SpanID() {
		t.Errorf("kind %v, parent %v", span.SpanKind(), span.Parent())
	}
	if len(span.Links()) != 1 || span.Links()[0].SpanContext.SpanID() != remote().SpanID() {
		t.Errorf("links %v", span.Links())
	}
	atStart := b.sampler.atStart(t, span.Name())
	for k, want := range map[attribute.Key]any{
		"messaging.operation.name": "receive", "messaging.operation.type": "receive", "messaging.rabbitmq.message.delivery_tag": int64(9),
		"messaging.message.id": "m-1", "network.peer.address": "10.0.0.7", "messaging.message.body.size": int64(5),
	} {
		if atStart[k] != want {
			t.Errorf("%s is %v, want %v", k, atStart[k], want)
		}
	}
	must(t, c.Process(context.Background(), "q", d, func(_ context.Context, d amqp091.Delivery) error { return d.Ack(false) }))
	b.named("ack orders:order.created:q")
	if got := counted(t, b.metrics()["messaging.client.consumed.messages"]); len(got) != 1 || got[0].Value != 1 {
		t.Errorf("one message, pulled and processed, is counted as %v", got)
	}

	b = newBundle(t)
	if _, ok, err = b.consumer().Get(context.Background(), getter{}, "q", false); ok || err != nil {
		t.Errorf("an empty queue: %v %v", ok, err)
	}
	if b.named("receive q").Status().Code != codes.Unset {
		t.Error("an empty queue is no failure")
	}

	b = newBundle(t)
	if _, _, err = b.consumer().Get(context.Background(), getter{err: amqp091.ErrClosed}, "q", false); !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("error %v", err)
	}
	failed(t, b.named("receive q"), "CHANNEL_ERROR")
}

// TestAmbientSpanIsLeftAlone: nothing of a message is written to the ambient span, not even after a failure.
func TestAmbientSpanIsLeftAlone(t *testing.T) {
	b := newBundle(t)
	ctx, ambient := b.tracer.Start(context.Background(), "ambient")
	_ = b.publisher(&stub{publishErr: amqp091.ErrClosed}).Publish(ctx, event())
	c := b.consumer(everything()...)
	_ = c.Process(ctx, "q", delivery(0), func(context.Context, amqp091.Delivery) error { return badMeal{} })
	_ = c.ProcessBatch(ctx, "q", []amqp091.Delivery{delivery(0)}, func(context.Context, []amqp091.Delivery) error { return badMeal{} })
	_, _, _ = c.Get(ctx, getter{err: amqp091.ErrClosed}, "q", false)
	ambient.End()
	span := b.named("ambient")
	if len(span.Attributes()) != 0 || span.Status().Code != codes.Unset || len(span.Events()) != 0 || len(span.Links()) != 0 {
		t.Errorf("the ambient span has attributes %v, status %v, %d events, %d links", span.Attributes(), span.Status(), len(span.Events()), len(span.Links()))
	}
	if n := len(b.spans.Ended()); n != 5 {
		t.Errorf("%d spans ended, want 5", n)
	}
}
