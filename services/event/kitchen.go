package event

import "errors"

// TicketOpened is private to the kitchen. It carries all state, because the kitchen owns both publisher and consumer.
type TicketOpened struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	Items       []Item `json:"items"`
}

// Type implements [Payload].
func (TicketOpened) Type() Type { return TicketOpenedV1 }

// Validate implements [Payload].
func (e TicketOpened) Validate() error {
	return errors.Join(present("orderId", e.OrderID), clean("orderNumber", e.OrderNumber), checkItems(e.Items))
}

// OrderPreparing is published when a cook took the ticket.
type OrderPreparing struct {
	OrderID string `json:"orderId"`
}

// Type implements [Payload].
func (OrderPreparing) Type() Type { return OrderPreparingV1 }

// Validate implements [Payload].
func (e OrderPreparing) Validate() error { return present("orderId", e.OrderID) }

// OrderBoxed is published when the food is in its box and ready for delivery.
type OrderBoxed struct {
	OrderID string `json:"orderId"`
}

// Type implements [Payload].
func (OrderBoxed) Type() Type { return OrderBoxedV1 }

// Validate implements [Payload].
func (e OrderBoxed) Validate() error { return present("orderId", e.OrderID) }

// OrderRejected is published when the kitchen cannot make the order.
type OrderRejected struct {
	OrderID string `json:"orderId"`
	Reason  string `json:"reason"`
}

// Type implements [Payload].
func (OrderRejected) Type() Type { return OrderRejectedV1 }

// Validate implements [Payload].
func (e OrderRejected) Validate() error { return present("orderId", e.OrderID, "reason", e.Reason) }
