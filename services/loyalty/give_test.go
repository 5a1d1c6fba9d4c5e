package loyalty

import (
	"context"
	"errors"
	"slices"
	"testing"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host"
)

// handle gives an event to the handler that subscribed to it.
func handle(app host.App, e event.Envelope) error {
	_, err := eventtest.Give(context.Background(), app, e)
	return err
}

func envelope(tb testing.TB, conversation string, fact event.Payload) event.Envelope {
	tb.Helper()
	return eventtest.New(tb, conversation, fact)[0]
}

// names are what was published, sorted.
func names(envelopes []event.Envelope) []string {
	found := []string{}
	for _, e := range envelopes {
		found = append(found, e.Metadata.EventType)
	}
	slices.Sort(found)
	return found
}

// refusesUnreadable checks that no subscription takes what it cannot read, and says that it never will.
func refusesUnreadable(t *testing.T, app host.App) {
	t.Helper()
	for _, s := range app.Subscriptions() {
		for _, data := range []string{`{}`, `[]`, `{"orderId":7,"staffMemberId":7}`} {
			e := event.Envelope{
				Metadata: event.Metadata{EventType: s.Event.Name, Version: s.Event.Version, EventID: "e-1"}, Data: []byte(data),
			}
			if err := s.Handle(t.Context(), e); !errors.Is(err, event.ErrUnreadable) {
				t.Errorf("%s with %s: got %v, want ErrUnreadable", s.Event, data, err)
			}
		}
	}
}
