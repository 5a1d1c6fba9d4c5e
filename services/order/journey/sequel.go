package journey

import "traceria/services/event"

// sequel lists the events that must follow when the work on all its queues is done.
type sequel struct {
	// queues are empty for the request that places the order.
	queues []string
	sends  []event.Type
	// instead is sent when the order takes another way.
	instead []event.Type
	// cancelled says that the events follow for a cancelled order, too.
	cancelled bool
}

// sequels are the steps of an order and of its points. The versions do not matter: the subscriptions say which are needed.
var sequels = []sequel{
	{sends: []event.Type{event.OrderCreatedV1}},
	{queues: []string{"order.order-created"}, sends: []event.Type{event.OrderConfirmedV1}},
	{queues: []string{"kitchen.order-confirmed"}, sends: []event.Type{event.TicketOpenedV1}, instead: []event.Type{event.OrderRejectedV1}},
	{queues: []string{"kitchen.ticket-opened"}, sends: []event.Type{event.OrderPreparingV1, event.OrderBoxedV1}},
	{
		queues: []string{"delivery.order-boxed", "delivery.order-confirmed"},
		sends:  []event.Type{event.DeliveryNotificationSentV1, event.OrderDeliveredV1},
	},
	{queues: []string{"order.order-rejected"}, sends: []event.Type{event.OrderCancelledV1}, cancelled: true},
	{queues: []string{"loyalty.order-confirmed"}, sends: []event.Type{event.LoyaltyPointsEarnedV1}, cancelled: true},
	{
		queues: []string{"loyalty.order-confirmed", "loyalty.order-cancelled"},
		sends:  []event.Type{event.LoyaltyPointsReversedV1}, cancelled: true,
	},
}
