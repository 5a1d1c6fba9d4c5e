package store_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/services/store/postgrestest"
)

// A commit to a file that was deleted or replaced would be lost at the end of the process.
func TestNothingIsCommittedToAFileThatIsNotThereAnyMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ away, back func(path string) error }{
		"moved": {
			func(path string) error { return os.Rename(path, path+".away") },
			func(path string) error { return os.Rename(path+".away", path) },
		},
		"replaced": {
			func(path string) error {
				return errors.Join(os.Rename(path, path+".away"), os.WriteFile(path, nil, 0o600))
			},
			func(path string) error { return os.Rename(path+".away", path) },
		},
		"without its log": {
			func(path string) error { return os.Rename(path+"-wal", path+".away") },
			func(path string) error { return os.Rename(path+".away", path+"-wal") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, sqliteURL(t))
			path := strings.TrimPrefix(b.url, "sqlite:")
			if err := errors.Join(b.place(t.Context(), "1"), b.PingContext(t.Context()), c.away(path)); err != nil {
				t.Fatal(err)
			}
			err := b.place(t.Context(), "2")
			if !errors.Is(err, event.ErrUnavailable) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restart") {
				t.Errorf("placing an order in it: %v", err)
			}
			if err := b.PingContext(t.Context()); !errors.Is(err, event.ErrUnavailable) {
				t.Errorf("it is ready: %v", err)
			}
			if err := c.back(path); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(b.place(t.Context(), "3"), b.PingContext(t.Context())); err != nil {
				t.Error(err)
			}
			var ids string
			if err := b.QueryRowContext(t.Context(), `SELECT group_concat(id) FROM orders`).Scan(&ids); err != nil || ids != "1,3" {
				t.Errorf("it holds %q, %v", ids, err)
			}
		})
	}
}

// A second process can lock a new file: the holder of the lock on the old one must stop.
func TestWhoseLockFileIsRemovedRelaysNoLonger(t *testing.T) {
	t.Parallel()
	one := open(t, sqliteURL(t))
	two := open(t, one.url)
	s1, s2 := &script{}, &script{}
	one.relay(t, s1)
	one.say(t, "a", 1)
	sent := func() bool { got, err := one.Unsent(t.Context()); return err == nil && got.Total() == 0 }
	eventually(t, "one relays, and has written down that it did", func() bool { return len(s1.went()) == 1 && sent() })
	if err := os.Remove(strings.TrimPrefix(one.url, "sqlite:") + ".relay"); err != nil {
		t.Fatal(err)
	}
	two.relay(t, s2)
	time.Sleep(time.Second) // the holder checks more often
	const more = 40
	for fact := range more {
		one.say(t, "b", fact)
		time.Sleep(10 * time.Millisecond)
	}
	eventually(t, "all went", sent)
	if n, m := len(s1.went())-1, len(s2.went()); n+m != more {
		t.Errorf("of %d facts one sent %d and two %d", more, n, m)
	}
}

// A frozen server holds its callers only briefly. A command that is repeated when the server goes on takes effect once.
func TestAFrozenServerIsGivenUp(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	b := open(t, server.Database(t))
	if err := b.place(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	results := make(chan error)
	const callers = 12 // more than there are connections
	for range callers {
		go func() { results <- b.place(t.Context(), "2") }()
	}
	for range callers {
		if err := <-results; !errors.Is(err, event.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	if took := time.Since(began); took > store.AnswerTime+10*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on", func() bool { return b.place(t.Context(), "3") == nil })
	var n int
	if err := b.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM orders WHERE id <> '2'`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d orders, %v", n, err)
	}
}
