// Package eventtest gives events to a service's handlers in tests, as the broker does, in any order and more than once.
package eventtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"pgregory.net/rapid"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/telemetry"
)

// New returns the envelopes of one fact in a conversation, one for each of its forms.
func New(tb testing.TB, conversation string, forms ...event.Payload) []event.Envelope {
	tb.Helper()
	made, err := event.New(context.Background(), "tester", conversation, forms...)
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

// Confirmed returns OrderConfirmed in both fat forms, which share their event id.
func Confirmed(tb testing.TB, order event.OrderConfirmed, pence int64) (v1, v2 event.Envelope) {
	tb.Helper()
	value := event.Pence(pence)
	made := New(tb, order.OrderID, event.OrderConfirmedNumber{OrderConfirmed: order, OrderValue: &value},
		event.OrderConfirmedMoney{OrderConfirmed: order, OrderValue: &event.Money{Value: value, Currency: "GBP"}})
	return made[0], made[1]
}

// Subscriber is a service with its subscriptions.
type Subscriber interface {
	Subscriptions() []broker.Subscription
}

// Give passes an event to the handler of its subscription. It ignores the version, because the queue of a subscriber that moves
// to another version holds both. duplicate is the attribute of the process span.
func Give(ctx context.Context, s Subscriber, e event.Envelope) (duplicate bool, err error) {
	subscriptions := s.Subscriptions()
	i := slices.IndexFunc(subscriptions, func(s broker.Subscription) bool { return s.Event.Name == e.Metadata.EventType })
	if i < 0 {
		return false, errors.New("no subscription takes " + e.Metadata.EventType)
	}
	seen := &span{}
	ctx = telemetry.WithConversation(trace.ContextWithSpan(ctx, seen), e.Metadata.ConversationID)
	err = subscriptions[i].Handle(event.WithReceipt(ctx, subscriptions[i].Queue(), e), e)
	return seen.duplicate, err
}

// GiveAtOnce passes all events at the same time, each twice, as the workers of a subscription do. It repeats an event after
// [event.ErrUnavailable], for example after too many transaction conflicts.
func GiveAtOnce(ctx context.Context, s Subscriber, events []event.Envelope) error {
	all := slices.Concat(events, events)
	results := make(chan error, len(all))
	for _, e := range all {
		go func() {
			_, err := Give(ctx, s, e)
			for errors.Is(err, event.ErrUnavailable) && ctx.Err() == nil {
				_, err = Give(ctx, s, e)
			}
			results <- err
		}()
	}
	var failures error
	for range all {
		failures = errors.Join(failures, <-results)
	}
	return failures
}

// span records the attributes that a handler sets.
type span struct {
	noop.Span
	duplicate bool
}

func (s *span) SetAttributes(attributes ...attribute.KeyValue) {
	if slices.Contains(attributes, telemetry.DuplicateKey.Bool(true)) {
		s.duplicate = true
	}
}

// Shuffled draws a permutation of the events in which some are repeated.
func Shuffled(t *rapid.T, events []event.Envelope) []event.Envelope {
	if len(events) == 0 {
		return nil
	}
	again := rapid.SliceOfN(rapid.SampledFrom(events), 0, 6).Draw(t, "again")
	return rapid.Permutation(slices.Concat(events, again)).Draw(t, "order")
}
