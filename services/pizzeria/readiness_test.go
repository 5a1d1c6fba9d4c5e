package pizzeria

import "testing"

// What a service that is ready has to say: what stays in its outbox, and what is wrong with the switches.
func TestTheStatusSaysWhatAReadyServiceSays(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"status":"ready","service":"console"}`:                                                                     "",
		`{"status":"ready","outbox":{"waiting":3}}`:                                                                  "",
		`{"status":"ready","outbox":{"waiting":3,"unroutable":1,"refused":2}}`:                                       "events in its outbox: 1 that no queue wants, 2 that RabbitMQ refused",
		`{"status":"ready","service":"console","flags":"flags.json: broken"}`:                                        "flags.json: broken",
		`{"status":"ready","outbox":{"unreadable":1},"flags":"the flagd server does not answer: everything is off"}`: "events in its outbox: 1 that cannot be read; the flagd server does not answer: everything is off",
		`{"status":"ready","hung":[{"queue":"kitchen.ticket-opened","conversationId":"o-1","since":"2026-10-01T12:00:00Z"}]}`: "a handler of kitchen.ticket-opened has hung since 2026-10-01T12:00:00Z",
		`nonsense`: "",
	} {
		if got := remarkOn(decodeReadiness([]byte(body))); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
