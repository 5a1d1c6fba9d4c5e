package broker

import (
	"context"
	"time"

	"traceria/services/event"
)

// Handler does the work that an event asks for. Its result says what becomes of the message:
//
//   - nil: the work is done, and the message is acked;
//   - [Dead], or an error that wraps [event.ErrUnreadable]: it can never succeed and goes to the dead letters;
//   - [Pause], or an error that wraps [event.ErrUnavailable]: not the message is to blame but what the work needs. The
//     subscription holds it and tries again in place, for as long as it takes, and no attempt is spent;
//   - any other error: the attempt failed. The message comes again after a back-off, until its attempts are used up.
type Handler func(ctx context.Context, e event.Envelope) error

// Subscription is one subscriber's interest in one version of one event. It owns a queue, a queue for each delay of its
// retries, and one for its dead letters.
type Subscription struct {
	// Subscriber is the service that subscribes.
	Subscriber string
	// Event is what it takes.
	Event event.Type
	// Versions, if set, are the versions of Event to which the queue is bound; it is unbound from the others. Handle must
	// read every version of the catalogue, as messages of one that was left may still be in the queue.
	Versions []event.Type
	// Handle is called for each event, by several goroutines at once, and again for an event that was
	// handled but not acked before a crash.
	Handle Handler
	// Gate, if set, says how many may be handled at once; otherwise it is [DefaultWorkers].
	Gate Gate
	// BackOff is how long a message waits after each failed attempt: with three delays it has four attempts. nil is
	// [DefaultBackOff], an empty list one attempt. The delays are part of the queues' names: to change them makes others.
	BackOff []time.Duration
	// Overflow, if set, puts a queue of length 1 between the exchanges and Queue, with this behaviour when it is full:
	// [OverflowDropHead] or [OverflowRejectPublish]. Somebody has to carry on what comes through it ([Subscription.Carry]).
	Overflow string
}

// What a queue of limited length does when it is full (https://www.rabbitmq.com/docs/maxlength#overflow-behaviour).
const (
	OverflowDropHead      = "drop-head"      // it drops its oldest message, and nobody hears of it
	OverflowRejectPublish = "reject-publish" // it refuses the new one, and the publisher gets a nack
)

// DefaultWorkers is how many events of one subscription are handled at once.
const DefaultWorkers = 16

// Queue is {subscriber}.{event}: kitchen.order-confirmed. The version is not in it, so that a consumer can move
// to the next version by binding the same queue.
func (s Subscription) Queue() string { return s.Subscriber + "." + s.Event.Kebab() }

// DeadQueue is where messages of the subscription end that can never be handled.
func (s Subscription) DeadQueue() string { return s.Queue() + ".dead" }

// DeadExchange is where the subscriber's queues put what they give up, with the queue's name as routing key. Each
// subscriber has its own: who may write to it can put messages into the queues behind it.
func (s Subscription) DeadExchange() string { return s.Subscriber + ".dead" }

// RetryQueue is where a message waits for its next attempt.
func (s Subscription) RetryQueue(delay time.Duration) string {
	return s.Queue() + ".retry." + delay.String()
}

// LimitedQueue is the queue of [Subscription.Overflow].
func (s Subscription) LimitedQueue() string { return s.Queue() + "." + s.Overflow }

// entrance is the queue that is bound to the event.
func (s Subscription) entrance() string {
	if s.Overflow == "" {
		return s.Queue()
	}
	return s.LimitedQueue()
}

// RetryExchange leads into the subscriber's retry queues and, from there and for a redrive, back into its queues.
func (s Subscription) RetryExchange() string { return s.Subscriber + ".retry" }

func (s Subscription) delays() []time.Duration {
	if s.BackOff == nil {
		return DefaultBackOff
	}
	return s.BackOff
}

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
