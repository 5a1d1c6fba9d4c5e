package loyalty

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"testing"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// newHost is what the service runs on, with an outbox that nobody empties, so that a test sees what was published.
func newHost(tb testing.TB, env map[string]string) *host.Host {
	tb.Helper()
	tel, err := telemetry.Start(context.Background(), telemetry.Config{Service: Name, Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		tb.Fatal(err)
	}
	db, err := store.Open(context.Background(), filepath.Join(tb.TempDir(), Name+".db"), Name, schema, tel)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return &host.Host{
		Env:       host.NewEnv(func(name string) (string, bool) { value, set := env[name]; return value, set }),
		Telemetry: tel, Log: tel.Log, DB: db,
	}
}

// published are the events that were published with this conversation.
func published(tb testing.TB, db *store.DB, conversation string) []event.Envelope {
	tb.Helper()
	rows, err := db.QueryContext(context.Background(), `SELECT envelope FROM outbox ORDER BY id`)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	var found []event.Envelope
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			tb.Fatal(err)
		}
		var e event.Envelope
		if err := json.Unmarshal(text, &e); err != nil {
			tb.Fatal(err)
		}
		if e.Metadata.ConversationID == conversation {
			found = append(found, e)
		}
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return found
}
