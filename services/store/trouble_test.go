package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"traceria/services/event"
	"traceria/services/store"
)

// A disk that fills up between the confirm and the removal of the row must not make the relay send without end.
func TestConfirmedEventsAreSentOnceWhileWritesFail(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	s := &script{answer: func(string) error { exec(t, b, `PRAGMA query_only = 1`); return nil }}
	b.say(t, "a", 1)
	b.relay(t, s)
	eventually(t, "it is sent", func() bool { return s.times("a/1") == 1 })
	time.Sleep(2500 * time.Millisecond) // more than two polls of the outbox
	if n := s.times("a/1"); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	exec(t, b, `PRAGMA query_only = 0`)
	eventually(t, "the outbox is empty", func() bool { got, err := b.Unsent(t.Context()); return err == nil && got.Total() == 0 })
	if n := s.times("a/1"); n != 1 {
		t.Errorf("it was sent %d times in the end", n)
	}
}

func TestAnEventWaitsForADatabaseThatIsLocked(t *testing.T) {
	t.Parallel()
	b, s := open(t, sqliteURL(t)), &script{}
	b.say(t, "a", 1)
	unlock := b.locked(t)
	b.relay(t, s)
	if unsent := s.went(); len(unsent) != 0 {
		t.Errorf("sent %v from a locked database", unsent)
	}
	unlock()
	eventually(t, "it is sent", func() bool { return len(s.went()) == 1 })
}

func TestATransactionThatMetAnotherIsRunAgain(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		exec(t, b, `INSERT INTO orders (id) VALUES ('0')`)
		const callers = 8
		done := make(chan error, callers)
		for range callers { // each adds one to what it reads: a lost update would show
			go func() {
				done <- b.Do(t.Context(), func(tx *store.Tx) error {
					var n int
					if err := tx.QueryRowContext(t.Context(), `SELECT CAST(id AS BIGINT) FROM orders`).Scan(&n); err != nil {
						return fmt.Errorf("read: %w", err)
					}
					_, err := tx.ExecContext(t.Context(), `UPDATE orders SET id = $1`, fmt.Sprint(n+1))
					return err
				})
			}()
		}
		for range callers {
			if err := receive(t, done); err != nil {
				t.Error(err)
			}
		}
		var n string
		if err := b.QueryRowContext(t.Context(), `SELECT id FROM orders`).Scan(&n); err != nil || n != fmt.Sprint(callers) {
			t.Errorf("%d callers counted to %s, %v", callers, n, err)
		}
	})
}

func TestAConflictIsTriedAFewTimesAndThenUnavailable(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	for code, want := range map[string]int{"40001": 20, "40P01": 20, "23505": 1} {
		runs := 0
		err := b.Do(t.Context(), func(*store.Tx) error { runs++; return fmt.Errorf("handle: %w", &pgconn.PgError{Code: code}) })
		if runs != want || errors.Is(err, event.ErrUnavailable) != (want > 1) {
			t.Errorf("%s: %d runs, %v; want %d, unavailable after several", code, runs, err, want)
		}
	}
	runs := 0
	err := b.Do(t.Context(), func(tx *store.Tx) error {
		if runs++; runs < 3 {
			return &pgconn.PgError{Code: "40001"}
		}
		_, err := tx.ExecContext(t.Context(), `INSERT INTO orders (id) VALUES ('o-1')`)
		return err
	})
	if orders, _, _ := b.counts(t); err != nil || runs != 3 || orders != 1 {
		t.Errorf("%d runs, %v, %d orders; want 3 runs and one order", runs, err, orders)
	}
}

func TestTheOutboxIsAMetric(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		reader := sdkmetric.NewManualReader()
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
		t.Cleanup(func() { _ = provider.Shutdown(t.Context()) })
		b := open(t, url)
		b.tel.MeterProvider = provider
		b.reopen(t)
		if got := observed(t, reader); len(got) != 0 {
			t.Errorf("a process that does not relay reports %v", got)
		}
		s := &script{answer: func(fact string) error {
			return map[string]error{"a/1": errNack, "b/1": errLost}[fact]
		}}
		b.relay(t, s)
		b.say(t, "a", 1)
		b.say(t, "a", 2)
		b.say(t, "b", 1)
		want := map[string]int64{"waiting": 1, "refused": 1, "unroutable": 1, "unreadable": 0}
		eventually(t, fmt.Sprint("the metric says ", want), func() bool { return cmp.Equal(want, observed(t, reader)) })
	})
}

// observed returns the values of traceria.outbox.waiting by state.
func observed(t *testing.T, reader *sdkmetric.ManualReader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if gauge, ok := m.Data.(metricdata.Gauge[int64]); ok && m.Name == "traceria.outbox.waiting" {
				for _, point := range gauge.DataPoints {
					state, _ := point.Attributes.Value(attribute.Key("state"))
					found[state.AsString()] = point.Value
				}
			}
		}
	}
	return found
}
