package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"traceria/services/store"
)

// The tests hold a lock for the time hold. The transaction begins to wait a moment later, so its span may show a little less:
// at least held.
const (
	hold = 400 * time.Millisecond
	held = 300 * time.Millisecond
)

// times are the times in the span of a transaction.
type times struct{ wait, commit, slowest time.Duration }

// waits places an order, calls release after the time hold, and returns the times of the span.
func (b *bundle) waits(t *testing.T, release func()) times {
	t.Helper()
	released := make(chan bool)
	span := b.only(t, func(ctx context.Context) {
		time.AfterFunc(hold, func() { defer close(released); release() })
		if err := b.place(ctx, "o-1"); err != nil {
			t.Error(err)
		}
	})
	receive(t, released)
	got := times{
		milliseconds(t, span, "traceria.db.wait_ms"), milliseconds(t, span, "traceria.db.commit_ms"),
		milliseconds(t, span, "traceria.db.slowest_ms"),
	}
	if got.slowest >= held && span.Attributes["traceria.db.slowest"] != "INSERT orders" {
		t.Errorf("the slowest statement is %v", span.Attributes["traceria.db.slowest"])
	}
	return got
}

// holds runs a transaction that does nothing until release is called.
func (b *bundle) holds(t *testing.T) (release func()) {
	t.Helper()
	open, end, ended := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		ended <- b.Do(t.Context(), func(*store.Tx) error { close(open); <-end; return nil })
	}()
	receive(t, open)
	return func() {
		close(end)
		if err := receive(t, ended); err != nil {
			t.Error(err)
		}
	}
}

func TestTheWaitForSQLitesLockIsMeasured(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(t *testing.T, b *bundle) (release func()){
		"held by another process": func(t *testing.T, b *bundle) func() { t.Helper(); return b.locked(t) },
		"held in this process":    func(t *testing.T, b *bundle) func() { t.Helper(); return b.holds(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, sqliteURL(t))
			if got := b.waits(t, take(t, b)); got.wait < held || got.commit >= held || got.slowest >= held {
				t.Errorf("got %+v, want a wait of at least %s", got, held)
			}
		})
	}
}

func TestTheWaitForAConnectionOfPostgreSQLIsMeasured(t *testing.T) {
	t.Parallel()
	b := open(t, postgresURL(t))
	var releases []func()
	for range b.Stats().MaxOpenConnections {
		releases = append(releases, b.holds(t))
	}
	got := b.waits(t, func() {
		for _, release := range releases {
			release()
		}
	})
	if got.wait < held || got.commit >= held || got.slowest >= held {
		t.Errorf("got %+v, want a wait of at least %s", got, held)
	}
}

// PostgreSQL has no lock for the whole database: a statement waits for the row that another transaction has written.
func TestTheWaitForALockOfPostgreSQLIsMeasured(t *testing.T) {
	t.Parallel()
	b := open(t, postgresURL(t))
	other, err := sql.Open("pgx", b.url+"?search_path=%22order%22")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO orders (id) VALUES ('o-1')`); err != nil {
		t.Fatal(err)
	}
	got := b.waits(t, func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
	if got.slowest < held || got.wait >= held || got.commit >= held {
		t.Errorf("got %+v, want a statement of at least %s", got, held)
	}
}

func TestTheTimeOfTheCommitIsMeasured(t *testing.T) {
	t.Parallel()
	b := open(t, postgresURL(t))
	exec(t, b, `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END';
		CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()`)
	if got := b.waits(t, func() {}); got.commit < held || got.wait >= held || got.slowest >= held {
		t.Errorf("got %+v, want a commit of at least %s", got, held)
	}
}

// All runs of a transaction are one span, which describes the last one.
func TestATransactionThatMeetsAnotherIsOneSpan(t *testing.T) {
	t.Parallel()
	b := open(t, postgresURL(t))
	exec(t, b, `INSERT INTO orders (id) VALUES ('o-1')`)
	run, meet := 0, func() { exec(t, b, `UPDATE orders SET id = 'o-2'`) }
	span := b.only(t, func(ctx context.Context) {
		if err := b.Do(ctx, func(tx *store.Tx) error {
			run++
			var n int
			if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM orders`).Scan(&n); err != nil {
				return err
			}
			if run == 1 { // its snapshot is older than this change of the same row
				meet()
			}
			_, err := tx.ExecContext(ctx, `UPDATE orders SET id = 'o-3'`)
			return err
		}); err != nil {
			t.Error(errors.Unwrap(err))
		}
	})
	if span.Name != "UPDATE orders" || span.Status != "" || span.Attributes["traceria.db.runs"] != int64(2) || span.Attributes["traceria.db.statements"] != int64(2) {
		t.Errorf("got %s, status %q, runs %v, statements %v", span.Name, span.Status, span.Attributes["traceria.db.runs"], span.Attributes["traceria.db.statements"])
	}
}
