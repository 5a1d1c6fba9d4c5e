package topology

import (
	"slices"

	"traceria/services/event"
)

const (
	// FullKey leads, on the exchange of OrderConfirmed, to a queue that is always full and rejects every message. No event
	// has this routing key: the failure broker.nack names it in a BCC header, and RabbitMQ answers with a nack.
	FullKey   = "order.full"
	fullQueue = "traceria.full"
)

// addFull adds the full queue to the layout when order is one of the subscribers.
func (t Topology) addFull(l *Layout) {
	order := event.OrderConfirmedV1
	if !slices.ContainsFunc(t.Subscriptions, func(s Subscription) bool { return s.Subscriber == order.Domain }) {
		return
	}
	// A quorum queue learns that it is full after it took a message; a classic one rejects the first
	// (https://www.rabbitmq.com/docs/maxlength).
	l.Queues = append(l.Queues, Queue{fullQueue, map[string]any{
		"x-queue-type": "classic", "x-max-length": int32(0), "x-overflow": OverflowRejectPublish,
	}})
	l.Bindings = append(l.Bindings, Binding{order.Exchange, FullKey, fullQueue})
}
