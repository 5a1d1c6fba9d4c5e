package topology

import (
	"time"

	"traceria/services/event"
)

// Subscription is one subscriber's interest in one event. It owns a queue, a queue for each delay of its retries, and a
// queue for its dead letters.
type Subscription struct {
	// Subscriber is the service that subscribes.
	Subscriber string
	// Event is the event that the subscription takes.
	Event event.Type
	// Versions, if set, are the versions of Event that the queue is bound to. The queue is unbound from all others. The
	// handler must read every version of the catalogue: messages of an earlier binding may still be in the queue.
	Versions []event.Type
	// BackOff are the delays after each failed attempt: three delays make four attempts. nil means [DefaultBackOff], an
	// empty list means one attempt. The delays are part of the names of the retry queues.
	BackOff []time.Duration
	// Overflow, if set, puts a queue of length 1 between the exchanges and Queue. Its value says what that queue does when
	// it is full: [OverflowDropHead] or [OverflowRejectPublish].
	Overflow string
}

// What a queue of limited length does when it is full (https://www.rabbitmq.com/docs/maxlength#overflow-behaviour).
const (
	OverflowDropHead      = "drop-head"      // it drops its oldest message and reports nothing
	OverflowRejectPublish = "reject-publish" // it refuses the new message, and the publisher gets a nack
)

// Queue is {subscriber}.{event}: kitchen.order-confirmed. It has no version, so that a subscriber moves to another version
// by binding the same queue.
func (s Subscription) Queue() string { return s.Subscriber + "." + s.Event.Kebab() }

// DeadQueue holds the messages that cannot be handled.
func (s Subscription) DeadQueue() string { return s.Queue() + ".dead" }

// DeadExchange leads into the dead queues of the subscriber, with the queue's name as routing key. Each subscriber has its
// own: the right to write to it is the right to write into the queues behind it.
func (s Subscription) DeadExchange() string { return s.Subscriber + ".dead" }

// RetryExchange leads into the subscriber's retry queues and back into its queues.
func (s Subscription) RetryExchange() string { return s.Subscriber + ".retry" }

// RetryQueue holds a message until its next attempt.
func (s Subscription) RetryQueue(delay time.Duration) string {
	return s.Queue() + ".retry." + delay.String()
}

// LimitedQueue is the queue of length 1 of [Subscription.Overflow].
func (s Subscription) LimitedQueue() string { return s.Queue() + "." + s.Overflow }

// entrance is the queue that is bound to the event.
func (s Subscription) entrance() string {
	if s.Overflow == "" {
		return s.Queue()
	}
	return s.LimitedQueue()
}

// Delays are the delays between the attempts.
func (s Subscription) Delays() []time.Duration {
	if s.BackOff == nil {
		return DefaultBackOff
	}
	return s.BackOff
}
