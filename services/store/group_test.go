package store_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/store"
)

// crowd is transactions that wait for one that is open, so that they form groups when it ends.
type crowd struct {
	b       *bundle
	release func()
	members sync.WaitGroup
}

func (b *bundle) crowd(t testing.TB) *crowd {
	t.Helper()
	open, end, ended := make(chan bool), make(chan bool), make(chan error, 1)
	opened := sync.OnceFunc(func() { close(open) }) // it runs again if its group is rolled back
	go func() {
		ended <- b.Do(context.Background(), func(*store.Tx) error { opened(); <-end; return nil })
	}()
	receive(t, open)
	return &crowd{b: b, release: func() {
		close(end)
		if err := receive(t, ended); err != nil {
			t.Error(err)
		}
	}}
}

// join adds a transaction and returns when it is in the line.
func (c *crowd) join(t testing.TB, do func()) {
	t.Helper()
	before := c.b.Waiting()
	c.members.Go(do)
	for end := time.Now().Add(deadline); c.b.Waiting() == before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("the transaction is not in the line within %s", deadline)
		}
	}
}

func (c *crowd) finish() {
	c.release()
	c.members.Wait()
}

func insert(ctx context.Context, id string) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO orders (id) VALUES ($1)`, id)
		return err
	}
}

func (b *bundle) ids(t testing.TB) (ids []string) {
	t.Helper()
	rows, err := b.QueryContext(context.Background(), `SELECT id FROM orders ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestTransactionsThatWaitShareACommit(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	c := b.crowd(t)
	ctx, request := b.tel.TracerProvider.Tracer("test").Start(t.Context(), "request")
	for i := range 5 {
		c.join(t, func() {
			if err := b.Do(ctx, insert(ctx, strconv.Itoa(i))); err != nil {
				t.Error(err)
			}
		})
	}
	c.finish()
	request.End()
	if got := b.ids(t); !slices.Equal(got, []string{"0", "1", "2", "3", "4"}) {
		t.Errorf("got %v", got)
	}
	shared := 0
	for _, span := range b.memory.Spans() {
		if n, ok := span.Attributes["traceria.db.group"].(int64); ok && n >= 2 {
			shared++
		}
		if span.Name == "INSERT orders" && span.Attributes["traceria.db.commit_ms"] == nil {
			t.Error("a span has no time of its commit")
		}
	}
	if shared < 4 { // the open transaction may be too old for the others to join it
		t.Errorf("%d of 5 transactions shared a commit", shared)
	}
}

// fault is a transaction that ends in another way than with nil. It writes the order "lost" before.
var faults = map[string]func(ctx context.Context, b *bundle) error{
	"fails": func(ctx context.Context, b *bundle) error {
		return b.Do(ctx, func(tx *store.Tx) error { return errors.Join(insert(ctx, "lost")(tx), errRefused) })
	},
	"breaks a constraint": func(ctx context.Context, b *bundle) error {
		return b.Do(ctx, func(tx *store.Tx) error {
			return errors.Join(insert(ctx, "lost")(tx), insert(ctx, "lost")(tx))
		})
	},
	"panics": func(ctx context.Context, b *bundle) (err error) {
		defer func() { err = recover().(error) }()
		return b.Do(ctx, func(tx *store.Tx) error { panic(errors.Join(insert(ctx, "lost")(tx), errRefused)) })
	},
	"leaves its rows open": func(ctx context.Context, b *bundle) error {
		return b.Do(ctx, func(tx *store.Tx) error {
			_, err := tx.QueryContext(ctx, `SELECT id FROM orders UNION SELECT 'x' UNION SELECT 'y'`)
			return errors.Join(err, insert(ctx, "lost")(tx), errRefused)
		})
	},
	"ends its context": func(ctx context.Context, b *bundle) error {
		ctx, cancel := context.WithCancel(ctx)
		return b.Do(ctx, func(tx *store.Tx) error {
			err := insert(ctx, "lost")(tx)
			cancel()
			return errors.Join(err, insert(ctx, "later")(tx))
		})
	},
	"ends the group's transaction": func(ctx context.Context, b *bundle) error {
		return b.Do(ctx, func(tx *store.Tx) error {
			_, err := tx.ExecContext(ctx, `ROLLBACK`)
			return errors.Join(err, errRefused)
		})
	},
	"ends the group's transaction and says nothing": func(ctx context.Context, b *bundle) error {
		return b.Do(ctx, func(tx *store.Tx) error {
			_, err := tx.ExecContext(ctx, `ROLLBACK`)
			return err
		})
	},
}

var errRefused = errors.New("refused")

func TestATransactionThatFailsHurtsNoneOfItsGroup(t *testing.T) {
	t.Parallel()
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, sqliteURL(t))
			c := b.crowd(t)
			for i := range 6 {
				c.join(t, func() {
					if i == 3 {
						if err := fault(t.Context(), b); err == nil {
							t.Error("the transaction that fails has no error")
						}
						return
					}
					if err := b.Do(t.Context(), insert(t.Context(), strconv.Itoa(i))); err != nil {
						t.Error(err)
					}
				})
			}
			c.finish()
			if got := b.ids(t); !slices.Equal(got, []string{"0", "1", "2", "4", "5"}) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// A refusal may be due to what another member wrote. If SQLite rolls that back with the group, the refusal is not the result.
func TestARefusalIsNotDueToWhatWasRolledBack(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	c := b.crowd(t)
	again := false
	c.join(t, func() {
		_ = b.Do(t.Context(), func(tx *store.Tx) error {
			if again {
				return errRefused
			}
			again = true
			return insert(t.Context(), "first")(tx)
		})
	})
	var refusal error
	c.join(t, func() {
		refusal = b.Do(t.Context(), func(tx *store.Tx) error {
			var n int
			if err := tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM orders`).Scan(&n); err != nil || n == 0 {
				return err
			}
			return errRefused
		})
	})
	c.join(t, func() { _ = faults["ends the group's transaction"](t.Context(), b) })
	c.finish()
	if got := b.ids(t); refusal != nil && len(got) == 0 { // on a slow machine they may have been in several groups
		t.Errorf("got %v because of a row that is not there", refusal)
	}
}

// A caller whose context ends does not wait for the commit of its group. So it does not learn whether what made it refuse is committed.
func TestARefusalWhoseContextEndsIsNotTheResult(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	c := b.crowd(t)
	c.join(t, func() {
		again := false
		_ = b.Do(t.Context(), func(tx *store.Tx) error {
			if again {
				return errRefused
			}
			again = true
			return insert(t.Context(), "first")(tx)
		})
	})
	returned := make(chan error, 1)
	c.join(t, func() {
		ctx, cancel := context.WithCancel(t.Context())
		returned <- b.Do(ctx, func(tx *store.Tx) error {
			var n int
			err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM orders`).Scan(&n)
			cancel()
			if err != nil || n == 0 {
				return err
			}
			return errRefused
		})
	})
	var result error
	c.join(t, func() {
		_ = b.Do(t.Context(), func(tx *store.Tx) error {
			if result == nil { // it runs again
				result = receive(t, returned)
			}
			_, err := tx.ExecContext(t.Context(), `ROLLBACK`)
			return errors.Join(err, errRefused)
		})
	})
	c.finish()
	if got := b.ids(t); errors.Is(result, errRefused) && len(got) == 0 { // on a slow machine they may have been in several groups
		t.Errorf("got %v because of a row that is not there", result)
	}
}

// A transaction that is alone has ended its group itself. Its result is known, although its context has ended.
func TestAKnownResultIsTheResult(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	for i := range 40 {
		want := []error{nil, errRefused}[i%2]
		ctx, cancel := context.WithCancel(t.Context())
		err := b.Do(ctx, func(tx *store.Tx) error {
			defer cancel()
			return errors.Join(insert(ctx, strconv.Itoa(i))(tx), want)
		})
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// A transaction that gives up while it waits leaves the line, and the others go on.
func TestATransactionMayLeaveTheLine(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	c := b.crowd(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.join(t, func() {
		if err := b.Do(ctx, insert(ctx, "left")); !errors.Is(err, event.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	c.join(t, func() {
		if err := b.Do(t.Context(), insert(t.Context(), "stayed")); err != nil {
			t.Error(err)
		}
	})
	cancel()
	eventually(t, "one has left", func() bool { return b.Waiting() == 1 })
	c.finish()
	if got := b.ids(t); !slices.Equal(got, []string{"stayed"}) {
		t.Errorf("got %v", got)
	}
}

// Whatever the transactions of a crowd do, exactly those without an error are in the database afterwards.
func TestAGroupKeepsWhatItAcknowledges(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	kinds := []string{"keeps"}
	for name := range faults {
		kinds = append(kinds, name)
	}
	slices.Sort(kinds)
	rapid.Check(t, func(rt *rapid.T) {
		if _, err := b.ExecContext(context.Background(), `DELETE FROM orders`); err != nil {
			rt.Fatal(err)
		}
		doing := rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 12).Draw(rt, "transactions")
		c := b.crowd(t)
		var mu sync.Mutex
		var kept []string
		for i, kind := range doing {
			c.join(t, func() {
				if fault, ok := faults[kind]; ok {
					if err := fault(context.Background(), b); err == nil {
						t.Errorf("%s: got no error", kind)
					}
					return
				}
				id := strconv.Itoa(i)
				if err := b.Do(context.Background(), insert(context.Background(), id)); err != nil {
					t.Errorf("%s: %v", kind, err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				kept = append(kept, id)
			})
		}
		c.finish()
		slices.Sort(kept)
		if got := b.ids(t); !slices.Equal(got, kept) {
			rt.Errorf("got %v, want %v", got, kept)
		}
	})
}
