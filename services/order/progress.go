package order

import "traceria/services/event"

// progress is how far an order has come. It only grows, so that events may come in any order and twice: the
// furthest that was reported is the status. Cancelled is the furthest of all.
type progress int

const (
	noProgress progress = iota - 1 // the event says nothing about the status
	created
	confirmed
	preparing
	boxed
	outForDelivery
	delivered
	cancelled
)

// String is the status in the API.
func (p progress) String() string {
	return [...]string{
		"created", "confirmed", "preparing", "boxed", "out-for-delivery", "delivered", "cancelled",
	}[max(p, created)]
}

// reported is what an event says about the status.
var reported = map[string]progress{
	event.OrderCreatedV1.Name:             created,
	event.OrderConfirmedV1.Name:           confirmed,
	event.OrderPreparingV1.Name:           preparing,
	event.OrderBoxedV1.Name:               boxed,
	event.DeliveryNotificationSentV1.Name: outForDelivery,
	event.OrderDeliveredV1.Name:           delivered,
	event.OrderCancelledV1.Name:           cancelled,
}

func progressOf(eventName string) progress {
	if p, ok := reported[eventName]; ok {
		return p
	}
	return noProgress
}
