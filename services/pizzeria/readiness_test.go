package pizzeria

import "testing"

// A ready service reports events that stay in its outbox, and faults of its flag file.
func TestRemarkOnAReadyService(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"status":"ready","service":"console"}`:                                                                              "",
		`{"status":"ready","outbox":{"waiting":0}}`:                                                                           "",
		`{"status":"ready","outbox":{"waiting":1}}`:                                                                           "1 event waits in its outbox",
		`{"status":"ready","outbox":{"waiting":3}}`:                                                                           "3 events wait in its outbox",
		`{"status":"ready","outbox":{"waiting":3,"unroutable":1,"refused":2}}`:                                                "3 events wait in its outbox; events in its outbox: 1 that no queue wants, 2 that RabbitMQ refused",
		`{"status":"ready","service":"console","flags":"flags.json: broken"}`:                                                 "flags.json: broken",
		`{"status":"ready","outbox":{"unreadable":1},"flags":"the flagd server does not answer: everything is off"}`:          "events in its outbox: 1 that cannot be read; the flagd server does not answer: everything is off",
		`{"status":"ready","hung":[{"queue":"kitchen.ticket-opened","conversationId":"o-1","since":"2026-10-01T12:00:00Z"}]}`: "a handler of kitchen.ticket-opened has hung since 2026-10-01T12:00:00Z",
		`nonsense`: "",
	} {
		if got := remarkOn(decodeReadiness([]byte(body))); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
