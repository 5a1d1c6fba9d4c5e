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

// New makes the envelopes of one fact, which somebody published in a conversation: one for each of its forms.
func New(tb testing.TB, conversation string, forms ...event.Payload) []event.Envelope {
	tb.Helper()
	made, err := event.New(context.Background(), "somebody", conversation, forms...)
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

// Confirmed makes OrderConfirmed in both its forms, which share their event id. A test in which a subscriber moves
// from one to the other gives it both.
func Confirmed(tb testing.TB, order event.OrderConfirmed, pence int64) (v1, v2 event.Envelope) {
	tb.Helper()
	value := event.Pence(pence)
	made := New(tb, order.OrderID, event.OrderConfirmedNumber{OrderConfirmed: order, OrderValue: &value},
		event.OrderConfirmedMoney{OrderConfirmed: order, OrderValue: &event.Money{Value: value, Currency: "GBP"}})
	return made[0], made[1]
}

// Subscriber is a service, as far as events are concerned.
type Subscriber interface {
	Subscriptions() []broker.Subscription
}

// Give gives an event to the handler of its subscription, whatever its version: the queue of a subscriber who moves
// to another version has both in it. duplicate is what the process span says.
func Give(ctx context.Context, s Subscriber, e event.Envelope) (duplicate bool, err error) {
	subscriptions := s.Subscriptions()
	i := slices.IndexFunc(subscriptions, func(s broker.Subscription) bool { return s.Event.Name == e.Metadata.EventType })
	if i < 0 {
		return false, errors.New("nobody takes " + e.Metadata.EventType)
	}
	seen := &span{}
	ctx = telemetry.WithConversation(trace.ContextWithSpan(ctx, seen), e.Metadata.ConversationID)
	err = subscriptions[i].Handle(event.WithReceipt(ctx, subscriptions[i].Queue(), e), e)
	return seen.duplicate, err
}

// GiveAtOnce gives all events at the same time, each twice, as a subscription's workers do. What fails because the
// database was not to be had, as when transactions meet too often, is given again.
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

// span hears what a handler says of a message.
type span struct {
	noop.Span
	duplicate bool
}

func (s *span) SetAttributes(attributes ...attribute.KeyValue) {
	if slices.Contains(attributes, telemetry.DuplicateKey.Bool(true)) {
		s.duplicate = true
	}
}

// Shuffled draws an order of the events in which some come again.
func Shuffled(t *rapid.T, events []event.Envelope) []event.Envelope {
	if len(events) == 0 {
		return nil
	}
	again := rapid.SliceOfN(rapid.SampledFrom(events), 0, 6).Draw(t, "again")
	return rapid.Permutation(slices.Concat(events, again)).Draw(t, "order")
}
