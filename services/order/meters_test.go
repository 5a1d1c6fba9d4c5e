package order

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"traceria/services/event"
	"traceria/services/host/hosttest"
	"traceria/services/store"
	"traceria/telemetry/telemetrytest"
)

// measured returns the service without HTTP and broker, and what it measures.
func measured(tb testing.TB) (*orders, *telemetrytest.Metrics) {
	tb.Helper()
	h, metrics := hosttest.New(tb, Service(), nil), telemetrytest.New(tb)
	h.Telemetry.MeterProvider = metrics
	o, err := newService(h)
	if err != nil {
		tb.Fatal(err)
	}
	return o, metrics
}

func TestTheTimeToDeliveryIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	o, metrics := measured(t)
	const name = "traceria.order.delivery.duration"
	id := o.stored(t)
	if _, err := o.DB.ExecContext(t.Context(), `UPDATE orders SET created_at = $1`, time.Now().Add(-time.Minute).UnixNano()); err != nil {
		t.Fatal(err)
	}
	told := reports(t, id)
	for range 2 {
		for _, e := range told {
			if err := o.handle(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n, sum := metrics.Count(name), metrics.Sum(name); n != 1 || sum < 60 || sum > 60+deadline.Seconds() {
		t.Errorf("%d deliveries took %v s together, want one that took a minute", n, sum)
	}
	unknown := envelope(t, "delivery", event.OrderDelivered{OrderID: "o-unknown"})
	if err := o.handle(unknown); err != nil || metrics.Count(name) != 1 {
		t.Errorf("an unknown order: %v, %d deliveries", err, metrics.Count(name))
	}
}

// stubborn refuses every event: the outbox stays as it is.
type stubborn struct{}

func (stubborn) Publish(_ context.Context, batch []event.Outgoing) []error {
	refused := make([]error, len(batch))
	for i := range refused {
		refused[i] = errors.New("refused")
	}
	return refused
}

func TestOrdersAreCountedByStateWhereTheRelayRuns(t *testing.T) {
	t.Parallel()
	o, metrics := measured(t)
	for n := range 5 {
		id := o.stored(t)
		for _, e := range reports(t, id)[:n+1] {
			if err := o.handle(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancelledID := o.stored(t)
	if _, err := o.DB.ExecContext(t.Context(), `UPDATE orders SET progress = $1 WHERE id = $2`, cancelled, cancelledID); err != nil {
		t.Fatal(err)
	}
	if all := metrics.Points("traceria.orders"); len(all) != 0 {
		t.Errorf("a process that does not relay reports %v", all)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); o.DB.Relay(ctx, stubborn{}, zerolog.Nop()) }()
	defer func() { stop(); <-done }()
	for end := time.Now().Add(deadline); !o.DB.Relaying() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	got := map[string]float64{}
	for _, p := range metrics.Points("traceria.orders") {
		state, _ := p.Attributes.Value(stateKey)
		got[state.AsString()] = p.Value
	}
	want := map[string]float64{
		"created": 0, "confirmed": 1, "preparing": 1, "boxed": 1, "out-for-delivery": 1, "delivered": 1, "cancelled": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A count that waited for a busy database says nothing about the time after it.
func TestOrdersAreCountedAgainSoonAfterTheDatabaseWasBusy(t *testing.T) {
	t.Parallel()
	o, metrics := measured(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); o.DB.Relay(ctx, stubborn{}, zerolog.Nop()) }()
	defer func() { stop(); <-done }()
	await(t, "the relay runs", o.DB.Relaying)
	busy, free := make(chan bool), make(chan bool)
	ended := make(chan error)
	go func() {
		ended <- o.DB.Do(context.Background(), func(*store.Tx) error { close(busy); <-free; return nil })
	}()
	<-busy
	metrics.Points("traceria.orders") // waits in vain for SQLite's only connection; PostgreSQL has more
	close(free)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	await(t, "the orders are counted again", func() bool { return len(metrics.Points("traceria.orders")) > 0 })
}

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", deadline, what)
		}
	}
}
