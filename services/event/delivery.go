package event

// DeliveryNotificationSent is published when the customer was notified that the order is on its way.
type DeliveryNotificationSent struct {
	OrderID    string `json:"orderId"`
	CustomerID string `json:"customerId"`
}

// Type implements [Payload].
func (DeliveryNotificationSent) Type() Type { return DeliveryNotificationSentV1 }

// Validate implements [Payload].
func (e DeliveryNotificationSent) Validate() error {
	return present("orderId", e.OrderID, "customerId", e.CustomerID)
}

// OrderDelivered is published when the customer has the food.
type OrderDelivered struct {
	OrderID string `json:"orderId"`
}

// Type implements [Payload].
func (OrderDelivered) Type() Type { return OrderDeliveredV1 }

// Validate implements [Payload].
func (e OrderDelivered) Validate() error { return present("orderId", e.OrderID) }
