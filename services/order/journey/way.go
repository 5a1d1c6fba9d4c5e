package journey

import (
	"slices"

	"traceria/services/event"
	"traceria/telemetry/tracetree"
)

// statuses are those of an order, in their sequence. Cancelled is the furthest.
var statuses = []string{"created", "confirmed", "preparing", "boxed", "out-for-delivery", "delivered", "cancelled"}

// Statuses returns the statuses of an order, the final ones first.
func Statuses() []string {
	return []string{"delivered", "cancelled", "created", "confirmed", "preparing", "boxed", "out-for-delivery"}
}

func rank(status string) int { return slices.Index(statuses, status) }

// step is a subscription that an order cannot do without: while the status is below until, a dead letter there stops the
// order for good.
type step struct {
	queue string
	// from is the status with which the order begins to wait for the step.
	from, until string
}

// way is how an order gets delivered. Subscriptions that are not here, such as those of loyalty, do not stop an order.
var way = []step{
	{"order.order-created", "created", "confirmed"},
	{"kitchen.order-confirmed", "confirmed", "preparing"},
	{"kitchen.ticket-opened", "confirmed", "boxed"},
	{"delivery.order-boxed", "boxed", "delivered"},
	{"order.order-delivered", "out-for-delivery", "delivered"},
	{"delivery.order-confirmed", "boxed", "out-for-delivery"}, // the address; without it the box waits
	{"order.order-rejected", "cancelled", "cancelled"},        // awaited only if the kitchen rejects
}

// open returns the steps that an order with the status has not left behind.
func open(status string) []step {
	return slices.DeleteFunc(slices.Clone(way), func(s step) bool { return rank(status) >= rank(s.until) })
}

// awaited returns the queues that an order with the status waits for.
func awaited(status string) []string {
	var queues []string
	for _, s := range open(status) {
		if rank(status) >= rank(s.from) {
			queues = append(queues, s.queue)
		}
	}
	return queues
}

// statusAfter is the status that an event of the timeline reports, or "".
func statusAfter(name string) string {
	return map[string]string{
		event.OrderCreatedV1.Name: "created", event.OrderConfirmedV1.Name: "confirmed", event.OrderPreparingV1.Name: "preparing",
		event.OrderBoxedV1.Name: "boxed", event.DeliveryNotificationSentV1.Name: "out-for-delivery",
		event.OrderDeliveredV1.Name: "delivered", event.OrderCancelledV1.Name: "cancelled", event.OrderRejectedV1.Name: "rejected",
	}[name]
}

// IsDelivery reports whether a span sends OrderDelivered, which ends the story of an order.
func IsDelivery(s tracetree.Span) bool {
	key, _ := s.Attributes[routingKeyKey].(string)
	return s.Kind == tracetree.KindProducer && key == event.OrderDeliveredV1.RoutingKey()
}
