package broker

import (
	"slices"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
)

const (
	// FullKey leads, on the exchange of OrderConfirmed, to a queue that is always full and refuses every message. Nothing is
	// published with it: the failure broker.nack names it in a BCC header, so that RabbitMQ answers with a nack.
	FullKey   = "order.full"
	fullQueue = "traceria.full"
)

// full adds that queue to the layout of the service that it is for.
func (t Topology) full(l *layout) {
	order := event.OrderConfirmedV1
	if !slices.ContainsFunc(t.Subscriptions, func(s Subscription) bool { return s.Subscriber == order.Domain }) {
		return
	}
	// A quorum queue learns that it is full after it took a message; a classic one refuses the first
	// (https://www.rabbitmq.com/docs/maxlength).
	l.queues = append(l.queues, declaredQueue{fullQueue, amqp091.Table{
		"x-queue-type": "classic", "x-max-length": int32(0), "x-overflow": "reject-publish",
	}})
	l.bindings = append(l.bindings, declaredBinding{order.Exchange, FullKey, fullQueue})
}
