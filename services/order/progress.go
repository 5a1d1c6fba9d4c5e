package order

import "traceria/services/event"

// progress is how far an order has come. It only grows, so that events may come in any order and twice: the
// furthest that was reported is the status.
//
// Cancelled is the furthest of all, further than delivered. This service alone cancels, and never takes it back:
// by the time that a report of the other kind comes, the kitchen, delivery and loyalty have acted on
// OrderCancelled. So a rejection cancels whatever else is reported before or after it. An honest kitchen says of an order
// either that it is boxed or that it is rejected; of a pair that cannot both be true, the one that everybody can still
// agree on wins, in whatever order the two come.
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

// reach is what an event says about the status.
var reach = map[string]progress{
	event.OrderCreatedV1.Name:             created,
	event.OrderConfirmedV1.Name:           confirmed,
	event.OrderPreparingV1.Name:           preparing,
	event.OrderBoxedV1.Name:               boxed,
	event.DeliveryNotificationSentV1.Name: outForDelivery,
	event.OrderDeliveredV1.Name:           delivered,
	event.OrderCancelledV1.Name:           cancelled,
}

func progressOf(eventName string) progress {
	if p, ok := reach[eventName]; ok {
		return p
	}
	return noProgress
}
