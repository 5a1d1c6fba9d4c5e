package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"traceria/services/event"
	"traceria/services/store"
)

// locked holds the database's lock, as another process would, until unlock is called or the test ends.
func (b *bundle) locked(t *testing.T) (unlock func()) {
	t.Helper()
	other, err := sql.Open("sqlite", strings.TrimPrefix(b.url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), `BEGIN EXCLUSIVE`); err != nil {
		t.Fatal(err)
	}
	unlock = func() { _ = conn.Close(); _ = other.Close() }
	t.Cleanup(unlock)
	return unlock
}

func TestADatabaseThatIsAtFaultIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(t *testing.T, b *bundle){
		"locked by another process": func(t *testing.T, b *bundle) {
			exec(t, b, `PRAGMA busy_timeout = 50`)
			b.locked(t)
		},
		"full":      func(t *testing.T, b *bundle) { exec(t, b, `PRAGMA max_page_count = 1`); fill(t, b) },
		"read only": func(t *testing.T, b *bundle) { exec(t, b, `PRAGMA query_only = 1`) },
		"damaged": func(t *testing.T, b *bundle) {
			exec(t, b, `PRAGMA wal_checkpoint(TRUNCATE)`)
			exec(t, b, `PRAGMA shrink_memory`)
			rubbish := strings.Repeat("this is no database", 10_000)
			if err := os.WriteFile(strings.TrimPrefix(b.url, "sqlite:"), []byte(rubbish), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, sqliteURL(t))
			breakIt(t, b)
			if err := b.place(t.Context(), "o-1"); !errors.Is(err, event.ErrUnavailable) {
				t.Errorf("a transaction fails with %v, want ErrUnavailable", err)
			}
			if _, err := b.ExecContext(t.Context(), `INSERT INTO orders (id) VALUES ('o-2')`); !errors.Is(err, event.ErrUnavailable) {
				t.Errorf("a statement fails with %v, want ErrUnavailable", err)
			}
		})
	}
}

func exec(t *testing.T, b *bundle, statement string, args ...any) {
	t.Helper()
	if _, err := b.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// fill adds rows until the existing pages are full.
func fill(t *testing.T, b *bundle) {
	t.Helper()
	for i := range 1000 {
		if _, err := b.ExecContext(t.Context(), `INSERT INTO orders (id) VALUES ($1)`, fmt.Sprintf("%d %500d", i, i)); err != nil {
			return
		}
	}
	t.Fatal("the database is not full")
}

func TestAContextThatEndsIsNotTheStatementsFault(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.place(over, "o-1"); !errors.Is(err, event.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want ErrUnavailable and what ended the context", err)
	}
}

// A statement that waits for a lock must not delay a stop for seconds.
func TestAContextEndsTheWaitForALock(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	b.locked(t)
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := b.place(short, "o-1"); !errors.Is(err, event.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the statement returned %s after its context ended", took-100*time.Millisecond)
	}
}

func TestWhatAStatementGetsWrongIsNotUnavailable(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	exec(t, b, `INSERT INTO orders (id) VALUES ('twice')`)
	in := func(statement string) func() error {
		return func() error {
			return b.Do(t.Context(), func(tx *store.Tx) error {
				_, err := tx.ExecContext(t.Context(), statement)
				return err
			})
		}
	}
	for name, do := range map[string]func() error{
		"a constraint":  in(`INSERT INTO orders (id) VALUES ('twice')`),
		"no such table": in(`INSERT INTO nothing (id) VALUES ('o-1')`),
		"no row": func() error {
			return b.QueryRowContext(t.Context(), `SELECT id FROM orders WHERE id = 'x'`).Scan(new(string))
		},
		"the end of a message":  func() error { return b.Do(t.Context(), func(*store.Tx) error { return io.ErrUnexpectedEOF }) },
		"a handler's own error": func() error { return b.Do(t.Context(), func(*store.Tx) error { return errors.New("too salty") }) },
	} {
		err := do()
		if err == nil || errors.Is(err, event.ErrUnavailable) {
			t.Errorf("%s: got %v, want an error that is not ErrUnavailable", name, err)
		}
	}
}

func TestTheCodesOfPostgreSQLAreSorted(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	for code, unavailable := range map[string]bool{
		"08006": true, "25006": true, "25P03": true, "28P01": true, "3D000": true, "42501": true, "53100": true, "53300": true,
		"55P03": true, "57014": true, "57P01": true, "57P03": true, "58030": true, "XX001": true,
		"22001": false, "22021": false, "22P02": false, "23502": false, "23505": false, "25P02": false, "42601": false,
		"42P01": false, "54000": false,
	} {
		err := b.Do(t.Context(), func(*store.Tx) error { return fmt.Errorf("handle: %w", &pgconn.PgError{Code: code}) })
		if errors.Is(err, event.ErrUnavailable) != unavailable {
			t.Errorf("%s: got %v, want unavailable: %v", code, err, unavailable)
		}
	}
}

func TestAFileThatIsLockedIsWaitedForAtTheStart(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	unlock := b.locked(t)
	opened := make(chan error, 1)
	go func() {
		db, err := store.Open(t.Context(), b.url, "order", schema+`CREATE TABLE IF NOT EXISTS later (id TEXT);`, b.tel)
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(6 * time.Second): // longer than SQLite's own busy timeout
	}
	unlock()
	if err := receive(t, opened); err != nil {
		t.Error(err)
	}
}
