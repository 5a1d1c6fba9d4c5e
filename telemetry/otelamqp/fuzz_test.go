package otelamqp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

var w3c = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})

// source turns fuzzed bytes into values of every type that amqp091-go delivers.
type source struct{ data []byte }

func (s *source) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *source) text() string {
	n := min(int(s.byte()), len(s.data))
	text := s.data[:n]
	s.data = s.data[n:]
	return string(text)
}

func (s *source) number() int64 {
	var b [8]byte
	n := copy(b[:], s.data)
	s.data = s.data[n:]
	return int64(binary.BigEndian.Uint64(b[:])) //nolint:gosec // every bit pattern is valid
}

func (s *source) value(depth int) any {
	kinds := []func() any{
		func() any { return nil },
		func() any { return s.text() },
		func() any { return []byte(s.text()) },
		func() any { return s.byte() > 127 },
		func() any { return s.number() },
		func() any { return int32(s.number()) },
		func() any { return int16(s.number()) },
		func() any { return int8(s.number()) },
		func() any { return int(s.number()) },
		func() any { return uint8(s.number()) },
		func() any { return uint16(s.number()) },
		func() any { return uint32(s.number()) },
		func() any { return math.Float64frombits(uint64(s.number())) },
		func() any { return float32(s.number()) },
		func() any { return amqp091.Decimal{Scale: s.byte(), Value: int32(s.number())} },
		func() any { return time.Unix(s.number(), 0) },
		func() any { return s.array(depth) },
		func() any { return s.table(depth) },
	}
	return kinds[int(s.byte())%len(kinds)]()
}

func (s *source) array(depth int) []any {
	if depth > 3 {
		return nil
	}
	a := make([]any, s.byte()%5)
	for i := range a {
		a[i] = s.value(depth + 1)
	}
	return a
}

func (s *source) table(depth int) amqp091.Table {
	t := amqp091.Table{}
	if depth > 3 {
		return t
	}
	names := []string{
		"traceparent", "tracestate", "baggage", otelamqp.SentAtHeader, otelamqp.AttemptHeader, "x-delivery-count", "x-death", "",
		"x-acquired-count", "reason", "count",
	}
	for range s.byte() % 12 {
		name := s.text()
		if i := int(s.byte()); i < 200 {
			name = names[i%len(names)]
		}
		t[name] = s.value(depth + 1)
	}
	return t
}

// FuzzHeaders: for any headers the handler is called once with the message, and nothing panics.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x05\x00\x00\x01\x3700-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
	f.Add([]byte("\x0b\x00\x03\x04\xff\xff\xff\xff\xff\xff\xff\xff\x00\x04\x04\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x05\x04\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x0b\x00\x06\x10\x04\x11\x05\x00\x07\x01\x05hello\x00\x02\x02\x08key=valu"))
	c, err := otelamqp.NewConsumer(otelamqp.WithPropagators(w3c), otelamqp.WithMessageSizes(), otelamqp.WithSettleSpans(), otelamqp.WithMaxAge(time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	ch := newAcking()
	p, err := otelamqp.NewPublisher(ch, otelamqp.WithPropagators(w3c), otelamqp.WithMessageSizes())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { ch.lose(nil) })
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &source{data}
		d := amqp091.Delivery{Headers: s.table(0), Exchange: s.text(), RoutingKey: s.text(), MessageId: s.text(), Acknowledger: &settlement{}}
		if attempt := otelamqp.Attempt(&d); attempt < 1 {
			t.Errorf("attempt %d", attempt)
		}
		if wait, ok := otelamqp.QueueWait(&d, time.Now()); ok && wait < 0 {
			t.Errorf("queue wait %s", wait)
		}
		if sc := trace.SpanContextFromContext(otelamqp.Extract(context.Background(), d.Headers, w3c)); sc.IsValid() && !sc.IsRemote() {
			t.Error("an extracted context is not remote")
		}
		calls := 0
		must(t, c.Process(context.Background(), s.text(), d, func(_ context.Context, got amqp091.Delivery) error {
			calls++
			if got.MessageId != d.MessageId || len(got.Headers) != len(d.Headers) {
				t.Error("the handler got another message")
			}
			return got.Ack(false)
		}))
		must(t, c.ProcessBatch(context.Background(), "q", []amqp091.Delivery{d, {}, d}, func(_ context.Context, batch []amqp091.Delivery) error {
			calls += len(batch)
			return nil
		}))
		if calls != 4 {
			t.Errorf("%d deliveries handled, want 4", calls)
		}
		before, published := len(d.Headers), ch.published
		err := p.Publish(context.Background(), otelamqp.Message{Exchange: d.Exchange, Publishing: amqp091.Publishing{Headers: d.Headers}})
		sent := ch.published - published
		if went, refused := err == nil && sent == 1, errors.Is(err, otelamqp.ErrUnsendable) && sent == 0; !went && !refused {
			t.Errorf("%d messages sent, %v", sent, err)
		}
		if err != nil && carried(d.Headers) {
			t.Errorf("headers that AMQP can carry were refused: %v", err)
		}
		pub := amqp091.Publishing{Headers: d.Headers}
		otelamqp.Inject(trace.ContextWithRemoteSpanContext(context.Background(), remote()), &pub, w3c)
		if got := trace.SpanContextFromContext(otelamqp.Extract(context.Background(), pub.Headers, w3c)); got.SpanID() != remote().SpanID() {
			t.Error("what was injected is not extracted")
		}
		if len(d.Headers) != before {
			t.Error("publishing changed the given table")
		}
	})
}

func TestQueueWait(t *testing.T) {
	now := time.Unix(1_700_000_000, 500)
	for _, tt := range []struct {
		header any
		want   time.Duration
		ok     bool
	}{
		{now.Add(-time.Second).UnixNano(), time.Second, true},
		{"1699999999000000500", time.Second, true},
		{[]byte("1699999999000000500"), time.Second, true},
		{now.Add(-time.Second), time.Second, true},
		{now.Add(time.Hour).UnixNano(), 0, true}, // clock skew
		{nil, 0, false},
		{"soon", 0, false},
		{int64(1_700_000_000), 0, false}, // seconds
		{int64(math.MinInt64), 0, false},
		{amqp091.Table{}, 0, false},
	} {
		d := amqp091.Delivery{Headers: amqp091.Table{otelamqp.SentAtHeader: tt.header}}
		if got, ok := otelamqp.QueueWait(&d, now); got != tt.want || ok != tt.ok {
			t.Errorf("wait with header %v: %s %v, want %s %v", tt.header, got, ok, tt.want, tt.ok)
		}
	}
}

// TestHugeTable: a large table costs time, but the message is handled.
func TestHugeTable(t *testing.T) {
	b := newBundle(t)
	d := delivery(0)
	for i := range 100_000 {
		d.Headers[string(rune(i))+"key"] = make([]byte, 10)
	}
	must(t, b.consumer(otelamqp.WithMessageSizes()).Process(context.Background(), "q", d, nothing))
	if b.one().Parent().SpanID() != remote().SpanID() {
		t.Error("the context is lost")
	}
	m := event()
	m.Publishing.Headers = d.Headers
	if err := b.publisher(&stub{}).Publish(context.Background(), m); !errors.Is(err, otelamqp.ErrUnsendable) {
		t.Errorf("publish a table that no client could read: %v", err)
	}
}

func TestHeaderCarrier(t *testing.T) {
	c := otelamqp.HeaderCarrier{"text": "a", "bytes": []byte("b"), "number": 3}
	c.Set("new", "c")
	if c.Get("text") != "a" || c.Get("bytes") != "b" || c.Get("number") != "" || c.Get("absent") != "" || c.Get("new") != "c" || len(c.Keys()) != 4 {
		t.Errorf("%v", c)
	}
}
