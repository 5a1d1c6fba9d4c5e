package kitchen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/telemetry"
)

// handle gives an event to the handler that subscribed to it, as the broker does.
func handle(app host.App, e event.Envelope) error {
	for _, s := range app.Subscriptions() {
		if s.Event.Name == e.Metadata.EventType && s.Event.Version == e.Metadata.Version {
			ctx := telemetry.WithConversation(context.Background(), e.Metadata.ConversationID)
			return s.Handle(event.WithReceipt(ctx, s.Queue(), e), e)
		}
	}
	return fmt.Errorf("nobody takes %s", e.Metadata.EventType)
}

func envelope(tb testing.TB, conversation string, fact event.Payload) event.Envelope {
	tb.Helper()
	made, err := event.New(context.Background(), "somebody", conversation, fact)
	if err != nil {
		tb.Fatal(err)
	}
	return made[0]
}

// shuffled draws an order of the events in which some come again.
func shuffled(t *rapid.T, events ...event.Envelope) []event.Envelope {
	again := rapid.SliceOfN(rapid.SampledFrom(events), 0, 6).Draw(t, "again")
	return rapid.Permutation(slices.Concat(events, again)).Draw(t, "order")
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
