// Package hosttest gives unit tests of a service its database and its outbox, without HTTP and without a broker. No
// relay empties the outbox, so a test can read what was published. [Run] runs the whole service.
//
// [Main] runs all tests of a package twice, with SQLite and with PostgreSQL: one schema and one set of statements must
// work on both. The PostgreSQL server is private (package postgrestest).
package hosttest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/services/store/postgrestest"
	"traceria/telemetry"
)

// postgres selects PostgreSQL for the current run. It changes between the two runs only.
var postgres bool

// Main runs the tests of a package with each database, then checks for leaked goroutines. It returns the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(hosttest.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	if code == 0 && again() {
		postgres = true
		fmt.Println("second run, with PostgreSQL")
		code = m.Run()
	}
	if err := postgrestest.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if err := goleak.Find(FlagGoroutines()...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// again is false for -list, -fuzz and -short, which run once.
func again() bool {
	return !testing.Short() && flag.Lookup("test.list").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == ""
}

// DatabaseURL returns the DATABASE_URL of an empty database. The database is removed when the test ends.
func DatabaseURL(tb testing.TB) string {
	tb.Helper()
	if postgres {
		return postgrestest.Shared(tb).Database(tb)
	}
	return "sqlite:" + filepath.Join(tb.TempDir(), "{service}.db")
}

// New returns a Host for the service. env is its environment.
func New(tb testing.TB, service host.Service, env map[string]string) *host.Host {
	tb.Helper()
	tel, err := telemetry.Start(context.Background(), telemetry.Config{
		Service: service.Name, Memory: &telemetry.Memory{}, LogOutput: io.Discard,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &host.Host{
		Env:       host.NewEnv(func(name string) (string, bool) { value, set := env[name]; return value, set }),
		Telemetry: tel, Log: tel.Log, DB: Open(tb, service, DatabaseURL(tb)),
	}
}

// Open opens the service's database. The service itself may run meanwhile.
func Open(tb testing.TB, service host.Service, url string) *store.DB {
	tb.Helper()
	tel, err := telemetry.Start(context.Background(), telemetry.Config{
		Service: service.Name, Memory: &telemetry.Memory{}, LogOutput: io.Discard,
	})
	if err != nil {
		tb.Fatal(err)
	}
	db, err := store.Open(context.Background(), strings.ReplaceAll(url, "{service}", service.Name), service.Name, service.Schema, tel)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// Published returns the events in the outbox, oldest first.
func Published(tb testing.TB, db *store.DB) []event.Envelope {
	tb.Helper()
	rows, err := db.QueryContext(context.Background(), `SELECT envelope FROM outbox ORDER BY id`)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var found []event.Envelope
	for rows.Next() {
		var text []byte
		var e event.Envelope
		if err := rows.Scan(&text); err != nil {
			tb.Fatal(err)
		}
		if err := json.Unmarshal(text, &e); err != nil {
			tb.Fatal(err)
		}
		found = append(found, e)
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return found
}

// PublishedIn returns the published events of one conversation.
func PublishedIn(tb testing.TB, db *store.DB, conversation string) []event.Envelope {
	tb.Helper()
	var found []event.Envelope
	for _, e := range Published(tb, db) {
		if e.Metadata.ConversationID == conversation {
			found = append(found, e)
		}
	}
	return found
}

// Forget empties the outboxes, so that a test of many random orders reads the events of the last one only.
func Forget(tb testing.TB, databases ...*store.DB) {
	tb.Helper()
	for _, db := range databases {
		if _, err := db.ExecContext(context.Background(), `DELETE FROM outbox`); err != nil {
			tb.Fatal(err)
		}
	}
}
