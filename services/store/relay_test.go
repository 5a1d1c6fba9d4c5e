package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
)

func orderOf(t *testing.T, o event.Outgoing) string {
	t.Helper()
	fact, err := event.Data[event.OrderBoxed](o.Envelope)
	if err != nil {
		t.Error(err)
	}
	return fact.OrderID
}

// The relay polls once a second. Ten commits, each after the event of the one before was sent, would take ten seconds by
// polling. With a wake-up they take milliseconds.
func TestACommitWakesTheRelay(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		sent := make(chan string, 1)
		b.SetPoll(time.Hour) // only a commit can wake the relay now
		b.relay(t, publisherFunc(func(o event.Outgoing) error { sent <- orderOf(t, o); return nil }))
		for i := range 10 {
			id := fmt.Sprint("o-", i)
			if err := b.place(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, sent); got != id {
				t.Fatalf("sent %s, want %s", got, id)
			}
		}
	})
}

func TestATransactionThatPublishesNothingDoesNotWakeTheRelay(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		if err := b.Do(t.Context(), func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if b.Woken() {
			t.Error("the relay was woken for nothing")
		}
		if err := b.place(t.Context(), "o-1"); err != nil {
			t.Fatal(err)
		}
		if !b.Woken() {
			t.Error("the commit of an event did not wake the relay")
		}
	})
}

func TestEventsAreSentInTheOrderOfTheirCommits(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		const events = 300 // more than two batches
		var want []string
		for i := range events {
			id := fmt.Sprint("o-", i)
			want = append(want, id)
			if err := b.place(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		sent := make(chan string, events)
		b.relay(t, publisherFunc(func(o event.Outgoing) error { sent <- orderOf(t, o); return nil }))
		var got []string
		for range events {
			got = append(got, receive(t, sent))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-committed +sent)\n%s", diff)
		}
		eventually(t, "the outbox is empty", func() bool { _, waiting, _ := b.counts(t); return waiting == 0 })
	})
}

func TestAnEventCarriesTheTraceAndConversationOfItsCause(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		ctx, span := b.tel.TracerProvider.Tracer("test").Start(t.Context(), "POST /order")
		ctx = telemetry.WithConversation(ctx, "o-1")
		if err := b.place(ctx, "o-1"); err != nil {
			t.Fatal(err)
		}
		span.End()
		sent := make(chan event.Outgoing, 1)
		b.relay(t, publisherFunc(func(o event.Outgoing) error { sent <- o; return nil }))
		got := receive(t, sent)
		parent := got.Context["traceparent"]
		want := "00-" + span.SpanContext().TraceID().String() + "-" + span.SpanContext().SpanID().String() + "-01"
		if parent != want {
			t.Errorf("traceparent is %q, want the request's %q", parent, want)
		}
		if m := got.Envelope.Metadata; m.ConversationID != "o-1" || m.Source != "order" {
			t.Errorf("conversation %q, source %q; want o-1, order", m.ConversationID, m.Source)
		}
	})
}

// A lost connection says nothing about the event. The relay sends it again as soon as the broker is back.
func TestABrokerThatIsAwayCostsNoAttempt(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		if err := b.place(t.Context(), "o-1"); err != nil {
			t.Fatal(err)
		}
		tries := make(chan time.Time, 1)
		var mu sync.Mutex
		away := 2
		b.relay(t, publisherFunc(func(event.Outgoing) error {
			mu.Lock()
			defer mu.Unlock()
			tries <- time.Now()
			if away--; away >= 0 {
				return fmt.Errorf("%w: connection reset", event.ErrBrokerAway)
			}
			return nil
		}))
		receive(t, tries)
		if _, waiting, refused := b.counts(t); waiting != 1 || refused != 0 {
			t.Errorf("%d wait and %d were refused, want 1 and 0", waiting, refused)
		}
		receive(t, tries)
		receive(t, tries)
		eventually(t, "the event is gone from the outbox", func() bool { _, waiting, _ := b.counts(t); return waiting == 0 })
	})
}

func TestARefusedEventIsKeptPutOffAndCounted(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		tries := make(chan time.Time, 8)
		b.relay(t, publisherFunc(func(event.Outgoing) error { tries <- time.Now(); return errors.New("unroutable: nobody wants it") }))
		if err := b.place(t.Context(), "o-1"); err != nil {
			t.Fatal(err)
		}
		first := receive(t, tries)
		eventually(t, "the refusal is counted", func() bool { _, _, refused := b.counts(t); return refused == 1 })
		if again := receive(t, tries).Sub(first); again < 400*time.Millisecond {
			t.Errorf("tried again after %s, want a pause", again)
		}
		var attempts int
		var why string
		eventually(t, "the second refusal is counted", func() bool {
			err := b.QueryRowContext(t.Context(), `SELECT attempts, last_error FROM outbox`).Scan(&attempts, &why)
			return err == nil && attempts >= 2
		})
		if !strings.Contains(why, "nobody wants it") {
			t.Errorf("the outbox says %q", why)
		}
	})
}

func TestARefusedEventDoesNotHoldUpTheNext(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		sent := make(chan string, 16)
		b.relay(t, publisherFunc(func(o event.Outgoing) error {
			if orderOf(t, o) == "bad" {
				return errors.New("unroutable")
			}
			sent <- orderOf(t, o)
			return nil
		}))
		for _, id := range []string{"bad", "good-1", "good-2"} {
			if err := b.place(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if got := []string{receive(t, sent), receive(t, sent)}; !slices.Equal(got, []string{"good-1", "good-2"}) {
			t.Errorf("sent %v", got)
		}
		eventually(t, "only the refused event is left", func() bool { _, waiting, refused := b.counts(t); return waiting == 1 && refused == 1 })
	})
}
