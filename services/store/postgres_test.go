package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/services/store/postgrestest"
	"traceria/telemetry"
)

func postgresURL(t *testing.T) string {
	t.Helper()
	return postgrestest.Shared(t).Database(t)
}

// attempt opens a database and returns the log and the error.
func attempt(ctx context.Context, t *testing.T, address string) (logged string, err error) {
	t.Helper()
	var log bytes.Buffer
	tel, err := telemetry.Start(ctx, telemetry.Config{Service: "order", Memory: &telemetry.Memory{}, LogOutput: &log})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, address, "order", schema, tel)
	if err == nil {
		_ = db.Close()
	}
	return log.String(), err
}

func edited(t *testing.T, address string, edit func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	edit(u)
	return u.String()
}

func TestAServerThatRefusesIsAnErrorWithoutThePassword(t *testing.T) {
	t.Parallel()
	address := postgresURL(t)
	for name, refused := range map[string]struct{ url, want string }{
		"wrong password": {edited(t, address, func(u *url.URL) { u.User = url.UserPassword(postgrestest.User, "hunter2") }), "28P01"},
		"no such user":   {edited(t, address, func(u *url.URL) { u.User = url.UserPassword("nobody", "hunter2") }), "28P01"},
		"no database":    {edited(t, address, func(u *url.URL) { u.Path = "/nothing" }), "3D000"},
		"no setting":     {address + "?kitchen=open", `the database URL has a setting that the server refuses`},
		"no such value":  {address + "?statement_timeout=soon", `the database URL has a setting that the server refuses`},
	} {
		password, _ := must(url.Parse(refused.url)).User.Password()
		logged, err := attempt(t.Context(), t, refused.url)
		if err == nil || !strings.Contains(err.Error(), refused.want) {
			t.Errorf("%s: got %v, want an error with %s", name, err, refused.want)
			continue
		}
		if strings.Contains(err.Error(), password) || strings.Contains(logged, password) {
			t.Errorf("%s: the password is shown: %v %s", name, err, logged)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestAServerThatDoesNotAnswerIsWaitedFor(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	address := server.Database(t)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	logged, err := attempt(short, t, address)
	if !errors.Is(err, event.ErrUnavailable) || strings.Contains(err.Error(), server.Password) {
		t.Errorf("got %v, want ErrUnavailable and no password", err)
	}
	if n := strings.Count(logged, "waiting for it"); n != 1 || strings.Contains(logged, server.Password) {
		t.Errorf("logged %d times, want once: %s", n, logged)
	}
	opened := make(chan error, 1)
	go func() { _, err := attempt(t.Context(), t, address); opened <- err }()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, opened); err != nil {
		t.Errorf("when it was there: %v", err)
	}
}

func TestAServerThatWentAwayIsUnavailableAndThenGoesOn(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	b, s := open(t, server.Database(t)), &script{}
	b.relay(t, s)
	b.say(t, "a", 1)
	eventually(t, "it is sent", func() bool { return len(s.went()) == 1 })
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := b.place(t.Context(), "o-1"); !errors.Is(err, event.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it takes an order", func() bool { return b.place(t.Context(), "o-1") == nil })
	b.say(t, "a", 2)
	eventually(t, "the relay has its lock again and sends", func() bool { return s.times("a/2") == 1 })
}

// The lock belongs to a session. When the session ends, another process can take the lock.
func TestARelayThatLostItsLockStops(t *testing.T) {
	t.Parallel()
	b, s := open(t, postgresURL(t)), &script{}
	b.relay(t, s)
	eventually(t, "it relays", b.Relaying)
	exec(t, b, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	eventually(t, "it noticed", func() bool { return !b.Relaying() })
	eventually(t, "it has a new one", b.Relaying)
	b.say(t, "a", 1)
	eventually(t, "it sends", func() bool { return s.times("a/1") == 1 })
}

func TestEachServiceHasItsOwnSchema(t *testing.T) {
	t.Parallel()
	address := postgresURL(t)
	var dbs []*store.DB
	for _, c := range []struct{ url, service, want string }{
		{address, "order", "order"},
		{address, "kitchen", "kitchen"},
		{address + "?search_path=" + "%22Test%20Kitchen%22,public", "kitchen", "Test Kitchen"},
		{address + "?options=-csearch_path%3Dpublic", "kitchen", "public"},
	} {
		tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: c.service, Memory: &telemetry.Memory{}, LogOutput: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(t.Context(), c.url, c.service, schema, tel)
		if err != nil {
			t.Errorf("%s: %v", c.service, err)
			continue
		}
		t.Cleanup(func() { _ = db.Close() })
		dbs = append(dbs, db)
		var got string
		if err := db.QueryRowContext(t.Context(), `SELECT current_schema()`).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: the schema is %q, %v; want %q", c.service, got, err, c.want)
		}
	}
	if _, err := dbs[0].ExecContext(t.Context(), `INSERT INTO orders (id) VALUES ('o-1')`); err != nil {
		t.Fatal(err)
	}
	for _, db := range dbs[1:] {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM orders`).Scan(&n); err != nil || n != 0 {
			t.Errorf("another schema has %d orders, %v", n, err)
		}
	}
}

func TestManyProcessesMayOpenANewDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	address := postgresURL(t)
	opened := make(chan error, 6)
	for range cap(opened) {
		go func() { _, err := attempt(t.Context(), t, address); opened <- err }()
	}
	for range cap(opened) {
		if err := receive(t, opened); err != nil {
			t.Error(err)
		}
	}
}
