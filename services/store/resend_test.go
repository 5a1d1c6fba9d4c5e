package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/store"
)

// wire is a Publisher that counts for each message how often it came, and how often it was marked as sent again.
type wire struct {
	mu      sync.Mutex
	sent    map[string]int
	resent  map[string]int
	order   []string
	onBatch func()
}

func newWire() *wire { return &wire{sent: map[string]int{}, resent: map[string]int{}} }

func (w *wire) Publish(_ context.Context, batch []event.Outgoing) []error {
	w.mu.Lock()
	onBatch := w.onBatch
	w.mu.Unlock()
	if onBatch != nil {
		onBatch()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range batch {
		id := o.Envelope.Metadata.MessageID()
		w.sent[id]++
		w.order = append(w.order, id)
		if o.Resent {
			w.resent[id]++
		}
	}
	return make([]error, len(batch))
}

// all tells whether n messages came, each as often as sent and resent say.
func (w *wire) all(n, sent, resent int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sent) != n {
		return false
	}
	for id := range w.sent {
		if w.sent[id] != sent || w.resent[id] != resent {
			return false
		}
	}
	return true
}

var boxed = []string{event.OrderBoxedV1.RoutingKey()}

func (b *bundle) placeMany(t *testing.T, name string, n int) {
	t.Helper()
	for i := range n {
		if err := b.place(t.Context(), fmt.Sprintf("%s-%d", name, i)); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bundle) empty(t *testing.T) bool {
	t.Helper()
	got, err := b.Unsent(t.Context())
	return err == nil && got.Total() == 0
}

// rows counts the rows of a table.
func (b *bundle) rows(t *testing.T, table string) (n int) {
	t.Helper()
	if err := b.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A request sends exactly the requested messages again, each once, with the same id and a mark.
func TestWhatWasSentIsSentAgain(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, w := open(t, url), newWire()
		const events = 200 // more than are sent again at once
		b.placeMany(t, "o", events)
		b.relay(t, w)
		eventually(t, "all are sent", func() bool { return w.all(events, 1, 0) && b.empty(t) })
		if n, err := b.Resend(t.Context(), []string{"order.order-cancelled.v1"}, time.Now()); n != 0 || err != nil {
			t.Errorf("of what was never sent %d are kept, %v", n, err)
		}
		if n, err := b.Resend(t.Context(), boxed, time.Now().Add(-time.Hour)); n != 0 || err != nil {
			t.Errorf("of an hour ago %d are kept, %v", n, err)
		}
		if n, err := b.Resend(t.Context(), boxed, time.Now()); n != events || err != nil {
			t.Errorf("%d are kept, %v; want %d", n, err, events)
		}
		eventually(t, "all are sent again", func() bool { return w.all(events, 2, 1) && b.empty(t) && b.rows(t, "resend") == 0 })
		if n := b.rows(t, "sent"); n != events {
			t.Errorf("%d are kept afterwards, want %d", n, events)
		}
	})
}

// A message that is on its way during the request was routed without the lost queue and is not settled yet. It is sent again
// as well.
func TestWhatIsOnItsWayIsSentAgain(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, w := open(t, url), newWire()
		entered, leave := make(chan bool, 100), make(chan bool)
		w.onBatch = func() { entered <- true; <-leave }
		b.placeMany(t, "o", 1)
		b.relay(t, w)
		receive(t, entered)
		if n, err := b.Resend(t.Context(), boxed, time.Now()); n != 0 || err != nil {
			t.Errorf("%d are kept, %v", n, err)
		}
		close(leave)
		eventually(t, "it is sent again", func() bool { return w.all(1, 2, 1) && b.empty(t) })
	})
}

// The request is durable: the next relay fulfils one that was made while no process relayed.
func TestAWishOutlivesTheProcess(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, w := open(t, url), newWire()
		b.placeMany(t, "o", 3)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { defer close(done); b.Relay(ctx, w, b.tel.Log) }()
		eventually(t, "all are sent", func() bool { return w.all(3, 1, 0) && b.empty(t) })
		cancel()
		<-done
		for range 2 { // a repeated request is one request
			if n, err := b.Resend(t.Context(), boxed, time.Now()); n != 3 || err != nil {
				t.Fatalf("%d are kept, %v", n, err)
			}
		}
		b.reopen(t)
		b.relay(t, w)
		eventually(t, "all are sent again, once", func() bool { return w.all(3, 2, 1) && b.empty(t) && b.rows(t, "resend") == 0 })
	})
}

// A fresh event does not wait for the many old ones that are sent again.
func TestFreshEventsDoNotWaitForOldOnes(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, w := open(t, url), newWire()
		const old = 400
		b.placeMany(t, "old", old)
		b.relay(t, w)
		eventually(t, "all are sent", func() bool { return w.all(old, 1, 0) && b.empty(t) })
		w.mu.Lock()
		w.onBatch = func() { time.Sleep(50 * time.Millisecond) } // a broker at its limit
		w.mu.Unlock()
		if _, err := b.Resend(t.Context(), boxed, time.Now()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "they go again", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.resent) > 0 })
		b.placeMany(t, "fresh", 1)
		eventually(t, "the fresh one is sent", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.sent) == old+1 })
		w.mu.Lock()
		again := len(w.resent)
		w.mu.Unlock()
		if again == old {
			t.Error("the fresh one came after all the old ones")
		}
	})
}

// Sent messages are kept for the configured time only.
func TestWhatWasSentIsPruned(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, w := open(t, url), newWire()
		b.KeepSent(time.Nanosecond)
		b.placeMany(t, "o", 5)
		b.relay(t, w)
		eventually(t, "all are sent, and forgotten", func() bool { return w.all(5, 1, 0) && b.rows(t, "sent") == 0 })
	})
}

func TestHowLongWhatWasSentIsKept(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"1m": time.Minute, "90m": 90 * time.Minute, "24h": 24 * time.Hour} {
		if d, err := store.CheckKeepSent(text); d != want || err != nil {
			t.Errorf("%s: %s, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "59s", "25h", "-1h", "an hour", "3600"} {
		if d, err := store.CheckKeepSent(text); err == nil {
			t.Errorf("%q is %s", text, d)
		}
	}
}
