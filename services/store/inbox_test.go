package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry/tracetree"
)

const eventID = "e-1"

// handling is the context of a subscription's handler, under a process span.
func (b *bundle) handling(t *testing.T, subscription, version string) (context.Context, trace.Span) {
	t.Helper()
	ctx, span := b.tel.TracerProvider.Tracer("test").Start(t.Context(), subscription+" "+eventID+"."+version)
	envelope := event.Envelope{Metadata: event.Metadata{EventID: eventID, Version: version}}
	return event.WithReceipt(ctx, subscription, envelope), span
}

// handle handles an event as a service does: it stores an order. It returns the number of runs of its function and the
// duplicate mark of its span.
func (b *bundle) handle(t *testing.T, subscription, version string) (ran int, duplicate any) {
	t.Helper()
	ctx, span := b.handling(t, subscription, version)
	err := b.Once(ctx, func(tx *store.Tx) error {
		ran++
		_, err := tx.ExecContext(ctx, `INSERT INTO orders (id) VALUES ($1)`, subscription+eventID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	span.End()
	for _, s := range b.memory.Spans() {
		if s.SpanID == span.SpanContext().SpanID().String() {
			duplicate = s.Attributes["traceria.message.duplicate"]
		}
	}
	return ran, duplicate
}

func TestADuplicateChangesNothingAndItsSpanSaysSo(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		if ran, duplicate := b.handle(t, "kitchen.order-confirmed", "1.0"); ran != 1 || duplicate != nil {
			t.Errorf("the first time: ran %d times, duplicate %v", ran, duplicate)
		}
		for range 2 {
			if ran, duplicate := b.handle(t, "kitchen.order-confirmed", "1.0"); ran != 0 || duplicate != true {
				t.Errorf("again: ran %d times, duplicate %v; want 0, true", ran, duplicate)
			}
		}
		b.reopen(t)
		if ran, _ := b.handle(t, "kitchen.order-confirmed", "1.0"); ran != 0 {
			t.Error("after a restart the duplicate is handled")
		}
	})
}

func TestTwoVersionsOfOneFactAreHandledOnce(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		first, _ := b.handle(t, "kitchen.order-confirmed", "1.0")
		second, duplicate := b.handle(t, "kitchen.order-confirmed", "2.0")
		if first != 1 || second != 0 || duplicate != true {
			t.Errorf("v1 ran %d times, v2 %d, duplicate %v; want 1, 0, true", first, second, duplicate)
		}
	})
}

// A fact is sent in one envelope and again in the other, as when event.format is switched in between. The first is handled,
// the second is a duplicate.
func TestOneFactInBothEnvelopesIsHandledOnce(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		for _, formats := range [][]string{
			{event.MetadataFormat, event.CloudEventsFormat}, {event.CloudEventsFormat, event.MetadataFormat},
		} {
			b := open(t, url)
			made, err := event.New(t.Context(), "kitchen", "o-"+formats[0], event.OrderBoxed{OrderID: "o-" + formats[0]})
			if err != nil {
				t.Fatal(err)
			}
			var handled []string
			for _, format := range formats {
				contentType, body, err := event.Encode(made[0], format)
				if err != nil {
					t.Fatal(err)
				}
				read, err := event.DecodeAs(contentType, body)
				if err != nil || (read.Cloud != nil) != (format == event.CloudEventsFormat) {
					t.Fatalf("%s: %v, %s", format, err, body)
				}
				ctx, span := b.tel.TracerProvider.Tracer("test").Start(t.Context(), format)
				if err := b.Once(event.WithReceipt(ctx, "delivery.order-boxed", read), func(*store.Tx) error {
					handled = append(handled, format)
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				span.End()
				spans := b.memory.Spans()
				i := slices.IndexFunc(spans, func(s tracetree.Span) bool { return s.SpanID == span.SpanContext().SpanID().String() })
				if got, want := spans[i].Attributes["traceria.message.duplicate"] == true, format == formats[1]; got != want {
					t.Errorf("%s: the span says duplicate %t, want %t", format, got, want)
				}
			}
			if !slices.Equal(handled, formats[:1]) {
				t.Errorf("handled %v, want %s only", handled, formats[0])
			}
		}
	})
}

func TestEachSubscriptionHandlesTheEvent(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		for _, subscription := range []string{"kitchen.order-confirmed", "kitchen.order-boxed"} {
			if ran, duplicate := b.handle(t, subscription, "1.0"); ran != 1 || duplicate != nil {
				t.Errorf("%s: ran %d times, duplicate %v", subscription, ran, duplicate)
			}
		}
	})
}

func TestAHandlerThatFailsIsNotRemembered(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		burnt := errors.New("burnt")
		ctx, span := b.handling(t, "kitchen.order-confirmed", "1.0")
		err := b.Once(ctx, func(tx *store.Tx) error {
			if seen, err := tx.Received(ctx); err != nil || !seen {
				t.Errorf("inside: received %v, %v", seen, err)
			}
			return burnt
		})
		span.End()
		if !errors.Is(err, burnt) || errors.Is(err, event.ErrUnavailable) {
			t.Errorf("got %v, want the handler's error", err)
		}
		if ran, duplicate := b.handle(t, "kitchen.order-confirmed", "1.0"); ran != 1 || duplicate != nil {
			t.Errorf("after the failure: ran %d times, duplicate %v; want 1 and nothing", ran, duplicate)
		}
	})
}

func TestTheSameEventAtOnceIsHandledOnce(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		var effects atomic.Int64
		done := make(chan error, 10)
		for range cap(done) {
			go func() {
				ctx, span := b.handling(t, "loyalty.order-confirmed", "1.0")
				defer span.End()
				changed := false
				err := b.Once(ctx, func(tx *store.Tx) error {
					changed = true
					_, err := tx.ExecContext(ctx, `INSERT INTO orders (id) VALUES ('points')`)
					return err
				})
				if err == nil && changed {
					effects.Add(1)
				}
				done <- err
			}()
		}
		for range cap(done) {
			if err := receive(t, done); err != nil {
				t.Error(err)
			}
		}
		if n := effects.Load(); n != 1 {
			t.Errorf("%d handlers took effect, want one", n)
		}
	})
}

func TestNothingIsHandledWithoutAReceipt(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	ran := false
	if err := b.Once(t.Context(), func(*store.Tx) error { ran = true; return nil }); err == nil || ran {
		t.Errorf("Once in no handler: %v, ran %v; want an error", err, ran)
	}
}

func TestTheInboxForgetsWhatIsOld(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		const old, young = 1100, 10 // more than two batches
		remember := func(n int, kind string, at time.Time) {
			if err := b.Do(t.Context(), func(tx *store.Tx) error {
				for i := range n {
					if _, err := tx.ExecContext(t.Context(), `INSERT INTO inbox (subscription, source, event_id, handled_at) VALUES ('s', 'urn:test', $1, $2)`,
						fmt.Sprint(kind, i), at.UnixNano()); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		b.SetRetention(time.Hour)
		remember(old, "old", time.Now().Add(-time.Hour-time.Minute))
		remember(young, "young", time.Now().Add(-time.Hour+time.Minute))
		b.relay(t, publisherFunc(func(event.Outgoing) error { return nil }))
		left := func() (n int) {
			if err := b.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM inbox`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		eventually(t, "the old ones are gone", func() bool { return left() <= young })
		if n := left(); n != young {
			t.Errorf("%d are left, want the %d young ones", n, young)
		}
	})
}

// Two events are one if source and id are the same (CloudEvents 1.0, section 3.1.1), in whatever envelope they come.
func TestAnEventIsKnownByItsSourceAndID(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		sources := []string{"loyalty", "urn:traceria:service:loyalty", "urn:traceria:service:a%2fb", "urn:traceria:service:a%2Fb", "//other", "loyalty "}
		ids := []string{"e-1", "e-2", "e-1.v1", "e-1.v1.v1", "e-1.*"}
		seen := map[[2]string]bool{}
		for _, source := range append(sources, sources...) {
			for _, id := range ids {
				body := fmt.Appendf(nil, `{"specversion":"1.0","type":"traceria.order.order-confirmed.v1","source":%q,"id":%q,"data":{}}`, source, id)
				e, err := event.Decode(body)
				if err != nil {
					t.Fatal(err)
				}
				first := false
				ctx := event.WithReceipt(t.Context(), "kitchen.order-confirmed", e)
				if err := b.Once(ctx, func(*store.Tx) error { first = true; return nil }); err != nil {
					t.Fatal(err)
				}
				if first == seen[[2]string{source, id}] {
					t.Errorf("source %q, id %q: handled %t, seen before %t", source, id, first, !first)
				}
				seen[[2]string{source, id}] = true
			}
		}
		for _, service := range []string{"kitchen", "delivery", ""} { // the metadata envelope
			e := event.Envelope{Metadata: event.Metadata{EventID: "e-1", Version: "v1", Source: service}}
			for _, want := range []bool{true, false} {
				first := false
				if err := b.Once(event.WithReceipt(t.Context(), "kitchen.order-confirmed", e), func(*store.Tx) error { first = true; return nil }); err != nil {
					t.Fatal(err)
				}
				if first != want {
					t.Errorf("e-1 of %q: handled %t, want %t", service, first, want)
				}
			}
		}
	})
}
