package broker

import (
	"context"
	"fmt"

	"traceria/services/event"
	"traceria/services/topology"
)

// Handler does the work that an event asks for. Its result decides what becomes of the message:
//
//   - nil: the work is done, and the message is acked;
//   - [Dead], or an error that wraps [event.ErrUnreadable]: the work can never succeed, and the message becomes a dead letter;
//   - [Pause], or an error that wraps [event.ErrUnavailable]: something that the work needs is unavailable. The subscription
//     holds the message and tries again in place, without a limit of time, and no attempt is spent;
//   - any other error: the attempt failed. The message comes again after a back-off, until its attempts are used up.
type Handler func(ctx context.Context, e event.Envelope) error

// Subscription is a subscription of the topology with its handler.
type Subscription struct {
	topology.Subscription
	// Handle is called for each event, by several goroutines at once. It is called again for an event that was handled and
	// not acked before a crash.
	Handle Handler
	// Gate, if set, limits how many events are handled at once. The default limit is [DefaultWorkers].
	Gate Gate
}

// Bind joins the subscriptions with their handlers. It panics if a subscription has no handler or a handler has no
// subscription.
func Bind(subscriptions []topology.Subscription, handlers map[event.Type]Handler) []Subscription {
	bound := make([]Subscription, len(subscriptions))
	for i, s := range subscriptions {
		handle, ok := handlers[s.Event]
		if !ok {
			panic("no handler for " + s.Queue())
		}
		bound[i] = Subscription{Subscription: s, Handle: handle}
	}
	if len(handlers) != len(bound) {
		panic(fmt.Sprintf("%d handlers for %d subscriptions", len(handlers), len(bound)))
	}
	return bound
}

// TopologyOf is what the subscriptions need on the broker.
func TopologyOf(subscriptions []Subscription) topology.Topology {
	var t topology.Topology
	for _, s := range subscriptions {
		t.Subscriptions = append(t.Subscriptions, s.Subscription)
	}
	return t
}

// DefaultWorkers is how many events of one subscription are handled at once.
const DefaultWorkers = 16

// Gate limits how many events are handled at once. The limit may change while the gate is in use.
type Gate interface {
	// Acquire waits for a place. It returns the error of ctx when ctx ends first.
	Acquire(ctx context.Context) error
	// Release frees the place.
	Release()
}

type fixedGate chan struct{}

func (g fixedGate) Acquire(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g fixedGate) Release() { <-g }
