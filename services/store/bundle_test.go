package store_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
)

const schema = `CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY);`

// each runs a test for SQLite and for PostgreSQL, with the URL of an empty database.
func each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, sqliteURL(t))
	})
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		test(t, postgresURL(t))
	})
}

func sqliteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "new", "order.db")
}

// bundle is a database with its spans.
type bundle struct {
	*store.DB
	url    string
	tel    *telemetry.Telemetry
	memory *telemetry.Memory
}

func open(t testing.TB, url string) *bundle {
	t.Helper()
	b := &bundle{url: url, memory: &telemetry.Memory{}}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", Memory: b.memory, LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	b.tel = tel
	b.reopen(t)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func (b *bundle) postgres() bool { return strings.HasPrefix(b.url, "postgres") }

func (b *bundle) reopen(t testing.TB) {
	t.Helper()
	if b.DB != nil {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if b.DB, err = store.Open(t.Context(), b.url, "order", schema, b.tel); err != nil {
		t.Fatal(err)
	}
}

// place stores an order and publishes an event about it.
func (b *bundle) place(ctx context.Context, id string) error {
	return b.Do(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO orders (id) VALUES ($1)`, id); err != nil {
			return err
		}
		return tx.Publish(ctx, event.OrderBoxed{OrderID: id})
	})
}

// counts returns the numbers of orders, of unsent events, and of refused events.
func (b *bundle) counts(t *testing.T) (orders, waiting, refused int) {
	t.Helper()
	if err := b.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM orders`).Scan(&orders); err != nil {
		t.Fatal(err)
	}
	unsent, err := b.Unsent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return orders, unsent.Total(), unsent.Refused
}

// relay runs the relay until the test ends.
func (b *bundle) relay(t *testing.T, publisher store.Publisher) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { b.Relay(ctx, publisher, zerolog.Nop()) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// publisherFunc is a Publisher that returns the function's result for each event.
type publisherFunc func(event.Outgoing) error

func (f publisherFunc) Publish(_ context.Context, batch []event.Outgoing) []error {
	results := make([]error, len(batch))
	for i, outgoing := range batch {
		results[i] = f(outgoing)
	}
	return results
}

const deadline = 20 * time.Second

func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(deadline):
		t.Fatalf("nothing came within %s", deadline)
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for end := time.After(deadline); !condition(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("not within %s: %s", deadline, what)
		}
	}
}
