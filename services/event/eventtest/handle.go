package eventtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"traceria/services/event"
)

// Handle is [Give] for tests that do not ask whether the event was a duplicate.
func Handle(s Subscriber, e event.Envelope) error {
	_, err := Give(context.Background(), s, e)
	return err
}

// One makes the envelope of a fact that has one form.
func One(tb testing.TB, conversation string, fact event.Payload) event.Envelope {
	tb.Helper()
	return New(tb, conversation, fact)[0]
}

// Names returns the event types of the envelopes, sorted.
func Names(envelopes []event.Envelope) []string {
	found := []string{}
	for _, e := range envelopes {
		found = append(found, e.Metadata.EventType)
	}
	slices.Sort(found)
	return found
}

// RefusesUnreadable checks that every subscription answers [event.ErrUnreadable] to data that it cannot read.
func RefusesUnreadable(t *testing.T, s Subscriber) {
	t.Helper()
	for _, s := range s.Subscriptions() {
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
