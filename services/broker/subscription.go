package broker

import (
	"context"

	"traceria/services/event"
)

// Handler does the work that an event asks for. It returns nil when the work is done and may be acked,
// [Dead] when the message can never succeed, and any other error when it may succeed later.
type Handler func(ctx context.Context, e event.Envelope) error

// Subscription is one subscriber's interest in one version of one event. It owns a queue.
type Subscription struct {
	// Subscriber is the service that subscribes.
	Subscriber string
	// Event is what it takes.
	Event event.Type
	// Handle is called for each event, by several goroutines at once, and again for an event that was
	// handled but not acked before a crash.
	Handle Handler
	// Gate, if set, says how many may be handled at once; otherwise it is [DefaultWorkers].
	Gate Gate
}

// DefaultWorkers is how many events of one subscription are handled at once.
const DefaultWorkers = 16

// Queue is {subscriber}.{event}: kitchen.order-confirmed. The version is not in it, so that a consumer can move
// to the next version by binding the same queue.
func (s Subscription) Queue() string { return s.Subscriber + "." + s.Event.Kebab() }

// DeadQueue is where messages of the subscription end that can never be handled.
func (s Subscription) DeadQueue() string { return s.Queue() + ".dead" }

// Gate limits how many events are handled at once. The limit may change while it is in use.
type Gate interface {
	// Acquire waits for a place, or for the end of ctx, whose error it returns then.
	Acquire(ctx context.Context) error
	// Release gives the place back.
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
