package topology

import (
	"slices"

	"traceria/services/event"
)

const (
	// FullKey leads, on the exchange of OrderConfirmed, to the full queue. No event has this routing key: the failure
	// broker.nack names it in a BCC header, and RabbitMQ answers with a nack.
	FullKey = "order.full"
	// fullQueue is always full: it rejects every message, and holds none. The proofs lead to it, too.
	fullQueue = "traceria.full"
)

// addFull adds the full queue.
func (t Topology) addFull(l *Layout) {
	if len(t.Subscriptions) == 0 {
		return
	}
	// A quorum queue learns that it is full after it took a message; a classic one rejects the first
	// (https://www.rabbitmq.com/docs/maxlength).
	l.Queues = append(l.Queues, Queue{fullQueue, map[string]any{
		"x-queue-type": "classic", "x-max-length": int32(0), "x-overflow": OverflowRejectPublish,
	}})
	order := event.OrderConfirmedV1
	if slices.ContainsFunc(t.Subscriptions, func(s Subscription) bool { return s.Subscriber == order.Domain }) {
		l.Bindings = append(l.Bindings, Binding{order.Exchange, FullKey, fullQueue})
	}
}
