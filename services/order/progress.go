package order

import "traceria/services/event"

// progress is the status of an order. It only grows, so events may arrive in any order and twice: the furthest reported
// progress is the status. Cancelled is the last one, after delivered: DECISIONS.md, "Cancelled wins".
type progress int

const (
	noProgress progress = iota - 1 // the event does not change the status
	created
	confirmed
	preparing
	boxed
	outForDelivery
	delivered
	cancelled
)

// String returns the status in the API.
func (p progress) String() string {
	return [...]string{
		"created", "confirmed", "preparing", "boxed", "out-for-delivery", "delivered", "cancelled",
	}[max(p, created)]
}

// reach is the progress that each event reports.
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
