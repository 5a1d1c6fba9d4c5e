package inject

import (
	"context"
	"fmt"
	"slices"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/store"
	"traceria/telemetry"
)

// Relay wraps the publisher of the order service's outbox. For other services it returns the publisher.
func (i *Injector) Relay(publisher store.Publisher) store.Publisher {
	if i.service != "order" {
		return publisher
	}
	return relay{i, publisher}
}

type relay struct {
	*Injector
	store.Publisher
}

// Publish implements [store.Publisher].
func (r relay) Publish(ctx context.Context, batch []event.Outgoing) []error {
	if err := r.stall(ctx, batch); err != nil {
		return slices.Repeat([]error{fmt.Errorf("%w: %w", event.ErrBrokerAway, err)}, len(batch))
	}
	doubles := duplicates(ctx, batch)
	first, later := reordered(ctx, batch)
	results := make([]error, len(batch))
	for _, wave := range [][]int{first, later} {
		if len(wave) == 0 {
			continue
		}
		var sent []event.Outgoing
		for _, n := range wave {
			sent = append(sent, batch[n])
		}
		for at, err := range r.Publisher.Publish(ctx, sent) {
			results[wave[at]] = err
		}
	}
	r.double(ctx, batch, doubles, results)
	return results
}

// of returns ctx with the conversation and the baggage of the event.
func of(ctx context.Context, o event.Outgoing) context.Context {
	return telemetry.WithConversation(telemetry.Resume(ctx, o.Context), o.Envelope.Metadata.ConversationID)
}

func confirmed(o event.Outgoing) bool {
	return o.Envelope.Metadata.EventType == event.OrderConfirmedV1.Name
}

func inject(o *event.Outgoing, key failure.Key) {
	o.Injected = append(slices.Clone(o.Injected), string(key))
}
