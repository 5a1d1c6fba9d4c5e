package host_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/host/hosttest"
	"traceria/services/store"
	"traceria/telemetry"
)

// The event of a message is shown as it was stored. RabbitMQ is away here, so it waits in the outbox.
func TestAnEventIsShownByItsMessageID(t *testing.T) {
	t.Parallel()
	var db *store.DB
	config := host.Load(host.NewEnv(environment{
		"HTTP_ADDR": "127.0.0.1:0", "AMQP_URL": "amqp://guest:guest@127.0.0.1:1/", "DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "{service}.db"),
		"TRACERIA_OUTBOX_RETENTION": "90m",
	}.lookup))
	config.Flags.Path = filepath.Join(t.TempDir(), "flags.json")
	service := &running{memory: &telemetry.Memory{}}
	service.base, service.stop = hosttest.Run(t, host.Service{Name: "kitchen", New: func(h *host.Host) (host.App, error) {
		db = h.DB
		return app{menu}, nil
	}}, host.Options{Config: config, Telemetry: telemetry.Config{Memory: service.memory, LogOutput: io.Discard}})
	ctx := telemetry.WithConversation(t.Context(), "o-1")
	if err := db.Do(ctx, func(tx *store.Tx) error { return tx.Publish(ctx, event.OrderBoxed{OrderID: "o-1"}) }); err != nil {
		t.Fatal(err)
	}
	var id string
	if err := db.QueryRowContext(t.Context(), `SELECT event_id FROM outbox`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	a := service.call(t, http.MethodGet, "/outbox/"+id+".v1", "")
	for _, want := range []string{`"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"` + id + `"`, `"conversationId":"o-1"`, `"data":{"orderId":"o-1"`} {
		if a.status != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("answered %d %s, want %s", a.status, a.body, want)
		}
	}
	for _, unknown := range []string{id + ".v2", "0b9e3a52-6f0e-4c58-9d3e-2d7c7a4a9f10.v1"} {
		p := service.call(t, http.MethodGet, "/outbox/"+unknown, "").problem(t)
		if p.Status != http.StatusNotFound || !strings.Contains(p.Detail, "kitchen has no event with the message id "+unknown) || !strings.Contains(p.Detail, "1h30m0s") {
			t.Errorf("%s: %+v", unknown, p)
		}
	}
	for _, wrong := range []string{id, "resend", id + ".v0", id + ".v1%0A", id + ".v9999", "%27%20OR%201=1--", strings.Repeat("a", 5000) + ".v1", "..%2F..%2Fetc"} {
		p := service.call(t, http.MethodGet, "/outbox/"+wrong, "").problem(t)
		if p.Status != http.StatusUnprocessableEntity || p.Field != "messageId" || !strings.Contains(p.Detail, "such as 0b9e3a52") || len(p.Detail) > 1000 {
			t.Errorf("%.50s: %+v", wrong, p)
		}
	}
}
