package otelamqp_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func event() otelamqp.Message {
	return otelamqp.Message{Exchange: "orders", RoutingKey: "order.created", Publishing: amqp091.Publishing{MessageId: "m-1"}}
}

// failed checks the status of a span that ended with an error.
func failed(t *testing.T, span sdktrace.ReadOnlySpan, errorType string) {
	t.Helper()
	if got := values(span.Attributes())["error.type"]; got != errorType {
		t.Errorf("%s: error.type is %v, want %s", span.Name(), got, errorType)
	}
	if span.Status().Code != codes.Error || span.Status().Description == "" || span.Status().Description == errorType {
		t.Errorf("%s: status %+v, want an error that says more than error.type", span.Name(), span.Status())
	}
	if len(span.Events()) != 0 {
		t.Errorf("%s has %d events: RecordError is not used", span.Name(), len(span.Events()))
	}
}

// TestOutcomes: every outcome of publishing, once with Publish and once pipelined without a call of Wait.
func TestOutcomes(t *testing.T) {
	notFound := &amqp091.Error{Code: amqp091.NotFound, Reason: "NOT_FOUND - no exchange 'orders'", Server: true}
	for name, tt := range map[string]struct {
		answer    func(*stub, int, sent)
		errorType string
		is        error
	}{
		"ack":  {answer: func(_ *stub, _ int, m sent) { m.confirm.answer(true) }},
		"nack": {func(_ *stub, _ int, m sent) { m.confirm.answer(false) }, "nack", otelamqp.ErrNack},
		"return": {
			func(s *stub, _ int, m sent) { s.back(m); m.confirm.answer(true) }, "unroutable",
			otelamqp.ErrUnroutable,
		},
		"connection lost": {
			func(s *stub, _ int, _ sent) { go s.lose(&amqp091.Error{Code: 501, Reason: "EOF"}) }, "confirm_unknown",
			otelamqp.ErrConfirmUnknown,
		},
		"channel closed by us": {func(s *stub, _ int, _ sent) { go s.lose(nil) }, "confirm_unknown", otelamqp.ErrConfirmUnknown},
		"channel closed by the broker": {
			func(s *stub, _ int, _ sent) { go s.lose(notFound) }, "NOT_FOUND",
			otelamqp.ErrConfirmUnknown,
		},
	} {
		m := event()
		m.Mandatory = true
		check := func(t *testing.T, b *bundle, err error) {
			t.Helper()
			if !errors.Is(err, tt.is) {
				t.Errorf("error %v, want %v", err, tt.is)
			}
			span := b.one()
			if tt.errorType == "" {
				if span.Status().Code != codes.Unset {
					t.Errorf("status %+v, want unset", span.Status())
				}
				return
			}
			failed(t, span, tt.errorType)
		}
		t.Run(name, func(t *testing.T) {
			b := newBundle(t)
			p := b.publisher(&stub{answer: tt.answer})
			check(t, b, p.Publish(context.Background(), m))
			if n := otelamqp.Pending(p); n != 0 {
				t.Errorf("%d messages are still expected back", n)
			}
		})
		t.Run(name+", pipelined", func(t *testing.T) {
			b := newBundle(t)
			c, err := b.publisher(&stub{answer: tt.answer}).PublishDeferred(context.Background(), m)
			must(t, err)
			eventually(t, "the span ends without a call of Wait", func() bool { return len(b.spans.Ended()) == 1 })
			check(t, b, c.Wait(context.Background()))
			<-c.Done()
		})
	}
}

func TestConfirmTimeout(t *testing.T) {
	for _, pipelined := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBundle(t)
			s := &stub{answer: hold}
			p := b.publisher(s, otelamqp.WithConfirmTimeout(3*time.Second))
			var err error
			start := time.Now()
			if pipelined {
				c, perr := p.PublishDeferred(context.Background(), event())
				must(t, perr)
				<-c.Done()
				err = c.Wait(context.Background())
			} else {
				err = p.Publish(context.Background(), event())
			}
			if waited := time.Since(start); waited != 3*time.Second {
				t.Errorf("gave up after %s, want 3 s", waited)
			}
			if !errors.Is(err, otelamqp.ErrConfirmTimeout) {
				t.Errorf("error %v", err)
			}
			failed(t, b.one(), "confirm_timeout")
			s.all()[0].confirm.answer(true) // a late answer has no effect
			synctest.Wait()
			failed(t, b.one(), "confirm_timeout")
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t)
		p := b.publisher(&stub{answer: hold})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := p.Publish(ctx, event())
		if !errors.Is(err, otelamqp.ErrConfirmTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("deadline: %v", err)
		}
		failed(t, b.one(), "confirm_timeout")
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t)
		p := b.publisher(&stub{answer: hold})
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		err := p.Publish(ctx, event())
		if !errors.Is(err, otelamqp.ErrConfirmUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("cancel: %v", err)
		}
		failed(t, b.one(), "confirm_unknown")
	})
}

// TestWaitGivesUpAlone: the timeout of one Wait does not decide the outcome.
func TestWaitGivesUpAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t)
		s := &stub{answer: hold}
		c, err := b.publisher(s).PublishDeferred(context.Background(), event())
		must(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.Wait(ctx); !errors.Is(err, otelamqp.ErrConfirmTimeout) {
			t.Errorf("Wait: %v", err)
		}
		if n := len(b.spans.Ended()); n != 0 {
			t.Fatal("the span ended with the timeout of Wait")
		}
		s.all()[0].confirm.answer(true)
		must(t, c.Wait(context.Background()))
		if b.one().Status().Code != codes.Unset {
			t.Error("the span failed although the answer arrived")
		}
	})
}

// TestConfirmsOutOfOrder: a span ends with its own confirm, not with the confirm of an older message.
func TestConfirmsOutOfOrder(t *testing.T) {
	for name, second := range map[string]string{"other destination": "order.paid", "same destination": "order.created"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBundle(t)
				s := &stub{answer: hold}
				p := b.publisher(s)
				_, err := p.PublishDeferred(context.Background(), event())
				must(t, err)
				m := event()
				m.RoutingKey, m.Publishing.MessageId = second, "m-2"
				c, err := p.PublishDeferred(context.Background(), m)
				must(t, err)
				synctest.Wait()
				s.all()[1].confirm.answer(true)
				start := time.Now()
				<-c.Done()
				if late := time.Since(start); late > 5*time.Millisecond {
					t.Errorf("the outcome was known %s late", late)
				}
				if got := values(b.one().Attributes())["messaging.message.id"]; got != "m-2" {
					t.Errorf("the span of %v ended", got)
				}
				s.all()[0].confirm.answer(true)
				time.Sleep(time.Second)
				if n := len(b.spans.Ended()); n != 2 {
					t.Errorf("%d spans ended, want 2", n)
				}
			})
		})
	}
}

// TestReturnsAreMatched: of many outstanding messages exactly the returned ones fail, even if two have the same
// identifier and the broker sends all returns before the first ack.
func TestReturnsAreMatched(t *testing.T) {
	for name, opts := range map[string][]otelamqp.Option{"by send time": nil, "by identifier": {otelamqp.WithSentAtHeader("")}} {
		t.Run(name, func(t *testing.T) {
			b := newBundle(t)
			s := &stub{answer: hold}
			p := b.publisher(s, opts...)
			const n = 2000 // far more than the buffer of the listener
			confirmations := make([]*otelamqp.Confirmation, n)
			for i := range confirmations {
				m := event()
				m.Mandatory = true
				m.RoutingKey = []string{"lost", "kept"}[i%2]
				m.Publishing.MessageId = string(rune('a' + i%26))
				c, err := p.PublishDeferred(context.Background(), m)
				must(t, err)
				confirmations[i] = c
			}
			for _, m := range s.all() {
				if m.key == "lost" {
					s.back(m)
				}
			}
			for _, m := range s.all() {
				m.confirm.answer(true)
			}
			for i, c := range confirmations {
				if err := c.Wait(context.Background()); errors.Is(err, otelamqp.ErrUnroutable) != (i%2 == 0) {
					t.Fatalf("message %d: %v", i, err)
				}
			}
			if left := otelamqp.Pending(p); left != 0 {
				t.Errorf("%d messages are still expected back", left)
			}
		})
	}
}

func TestNothingIsSent(t *testing.T) {
	b := newBundle(t)
	boom := errors.New("boom")
	err := b.publisher(&stub{publishErr: boom}).Publish(context.Background(), event())
	if !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	failed(t, b.one(), "_OTHER")

	b = newBundle(t)
	err = b.publisher(&stub{publishErr: amqp091.ErrClosed}).Publish(context.Background(), event())
	if !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("error %v", err)
	}
	failed(t, b.one(), "CHANNEL_ERROR")

	b = newBundle(t)
	err = b.publisher(&stub{publishErr: &net.OpError{Op: "write", Err: errors.New("broken pipe")}}).Publish(context.Background(), event())
	if !errors.Is(err, otelamqp.ErrConfirmUnknown) {
		t.Errorf("a write that failed half-way: %v", err)
	}
	failed(t, b.one(), "confirm_unknown")

	b = newBundle(t)
	if err = b.publisher(&stub{notConfirm: true}).Publish(context.Background(), event()); !errors.Is(err, otelamqp.ErrConfirmUnknown) {
		t.Errorf("no confirm mode: %v", err)
	}
	failed(t, b.one(), "confirm_unknown")

	if _, err := otelamqp.NewPublisher(&stub{confirmErr: boom}); !errors.Is(err, boom) {
		t.Errorf("NewPublisher on a broken channel: %v", err)
	}
}

func TestPrepare(t *testing.T) {
	b := newBundle(t)
	s := &stub{}
	p := b.publisher(s)
	m := event()
	m.Prepare = func(ctx context.Context, pub *amqp091.Publishing) error {
		if got, want := otelamqp.HeaderCarrier(pub.Headers).Get("traceparent"), trace.SpanContextFromContext(ctx).SpanID().String(); !strings.Contains(got, want) {
			t.Errorf("traceparent %q is not that of the send span %s", got, want)
		}
		pub.Body, pub.MessageId = []byte("finished"), "m-prepared"
		return nil
	}
	must(t, p.Publish(context.Background(), m))
	if got := s.last(t).msg; string(got.Body) != "finished" || m.Publishing.Body != nil {
		t.Errorf("sent %q; the caller's body is %q", got.Body, m.Publishing.Body)
	}
	if got := values(b.one().Attributes())["messaging.message.id"]; got != "m-prepared" {
		t.Errorf("the span has the message id %v from before Prepare", got)
	}

	b = newBundle(t)
	s = &stub{}
	m.Prepare = func(context.Context, *amqp091.Publishing) error { return badMeal{} }
	_, err := b.publisher(s).PublishDeferred(context.Background(), m)
	if !errors.Is(err, badMeal{}) || len(s.all()) != 0 {
		t.Errorf("error %v, %d messages sent", err, len(s.all()))
	}
	failed(t, b.one(), "bad_meal")
	if m, counted := b.metrics()["messaging.client.sent.messages"]; counted {
		t.Errorf("a message that was not sent is counted: %v", m)
	}
}

func TestHeadersAreTheMessagesOwn(t *testing.T) {
	b := newBundle(t)
	s := &stub{}
	p := b.publisher(s)
	table := amqp091.Table{"tenant": "one", "traceparent": "old", "tracestate": "old=1", "baggage": "old=1"}
	before := maps.Clone(table)
	m := event()
	m.Publishing.Headers = table
	var wg sync.WaitGroup
	for range 8 { // the race detector reports writes to the shared table
		wg.Go(func() { must(t, p.Publish(context.Background(), m)) })
	}
	wg.Wait()
	if diff := cmp.Diff(before, table); diff != "" {
		t.Errorf("the caller's table changed:\n%s", diff)
	}
	got := s.last(t).msg.Headers
	if got["tenant"] != "one" || got["traceparent"] == "old" {
		t.Errorf("sent %v", got)
	}
	for _, stale := range []string{"tracestate", "baggage"} {
		if got[stale] != nil {
			t.Errorf("%s of the last hop was sent on: %v", stale, got[stale])
		}
	}
	if _, ok := got[otelamqp.SentAtHeader].(int64); !ok {
		t.Errorf("send time %v (%[1]T), want int64", got[otelamqp.SentAtHeader])
	}
}

func TestSendTimesDiffer(t *testing.T) {
	b := newBundle(t)
	s := &stub{}
	p := b.publisher(s)
	seen := map[any]bool{}
	for range 1000 {
		must(t, p.Publish(context.Background(), event()))
	}
	for _, m := range s.all() {
		seen[m.msg.Headers[otelamqp.SentAtHeader]] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different send times for 1000 messages", len(seen))
	}
}

// TestPooledTablesDoNotMix: a reused header table has nothing of the previous message.
func TestPooledTablesDoNotMix(t *testing.T) {
	b := newBundle(t)
	s := &stub{}
	p := b.publisher(s)
	otelamqp.ReuseHeaders(p)
	for i := range 100 {
		m := event()
		if i%2 == 0 {
			m.Publishing.Headers = amqp091.Table{"secret": "of another"}
		}
		must(t, p.Publish(context.Background(), m))
		if _, mixed := s.last(t).msg.Headers["secret"]; mixed != (i%2 == 0) {
			t.Fatalf("message %d has headers %v", i, s.last(t).msg.Headers)
		}
	}
}

func TestSendSpanInItsContext(t *testing.T) {
	b := newBundle(t)
	s := &stub{}
	bag, err := baggage.Parse("tenant=one")
	must(t, err)
	ctx, ambient := b.tracer.Start(baggage.ContextWithBaggage(context.Background(), bag), "ambient")
	m := event()
	m.Attributes = []attribute.KeyValue{attribute.String("traceria.failure", "order.duplicate")}
	m.Links = []trace.Link{{SpanContext: remote()}}
	must(t, b.publisher(s).Publish(ctx, m))
	ambient.End()
	span := b.named("send orders:order.created")
	if span.Parent().SpanID() != ambient.SpanContext().SpanID() {
		t.Error("the send span is no child of the ambient span")
	}
	headers := otelamqp.HeaderCarrier(s.last(t).msg.Headers)
	if !strings.Contains(headers.Get("traceparent"), span.SpanContext().SpanID().String()) || headers.Get("baggage") != "tenant=one" {
		t.Errorf("headers %v: want the send span's context and the baggage", headers)
	}
	if len(span.Links()) != 1 || span.Links()[0].SpanContext.SpanID() != remote().SpanID() {
		t.Errorf("links %v", span.Links())
	}
	if got := b.sampler.atStart(t, span.Name())["traceria.failure"]; got != "order.duplicate" {
		t.Errorf("the message's attribute at the start is %v", got)
	}
}

// TestKeepContext: a custom creation context is not modified; the send span is then CLIENT and links to it.
func TestKeepContext(t *testing.T) {
	b := newBundle(t)
	s := &stub{}
	m := event()
	m.KeepContext, m.Publishing.Headers = true, delivery(0).Headers
	must(t, b.publisher(s).Publish(context.Background(), m))
	span := b.one()
	if got, want := s.last(t).msg.Headers["traceparent"], m.Publishing.Headers["traceparent"]; got != want {
		t.Errorf("traceparent %v, want %v", got, want)
	}
	if span.SpanKind() != trace.SpanKindClient || len(span.Links()) != 1 || span.Links()[0].SpanContext.TraceID() != remote().TraceID() {
		t.Errorf("kind %v, links %v: want client and a link to the creation context", span.SpanKind(), span.Links())
	}
}

func TestPublishBatch(t *testing.T) {
	b := newBundle(t)
	s := &stub{answer: func(_ *stub, n int, m sent) { m.confirm.answer(n != 1) }}
	p := b.publisher(s)
	err := p.PublishBatch(context.Background(), []otelamqp.Message{event(), event(), event()})
	var batch *otelamqp.BatchError
	if !errors.As(err, &batch) || !errors.Is(err, otelamqp.ErrNack) {
		t.Fatalf("error %v", err)
	}
	if batch.Errors[0] != nil || batch.Errors[1] == nil || batch.Errors[2] != nil {
		t.Errorf("errors %v: want the second message's only", batch.Errors)
	}
	if n := len(b.spans.Ended()); n != 3 {
		t.Errorf("%d send spans for 3 messages", n)
	}
	must(t, p.PublishBatch(context.Background(), nil))
}
