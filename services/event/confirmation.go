package event

// OrderConfirmedSparse is v3: the ids of customer and address. A consumer that needs more asks the order service or knows it.
type OrderConfirmedSparse struct {
	OrderID           string `json:"orderId"`
	CustomerID        string `json:"customerId"`
	DeliveryAddressID string `json:"deliveryAddressId"`
}

// Type implements [Payload].
func (OrderConfirmedSparse) Type() Type { return OrderConfirmedV3 }

// Validate implements [Payload].
func (e OrderConfirmedSparse) Validate() error {
	return present("orderId", e.OrderID, "customerId", e.CustomerID, "deliveryAddressId", e.DeliveryAddressID)
}

// Confirmation is the content of any form of OrderConfirmed.
type Confirmation struct {
	OrderConfirmed
	// Value is zero if the form is sparse.
	Value Amount
	// Sparse is true if the event has ids only: no items, number and value.
	Sparse bool
}

// ReadConfirmation decodes v1, v2 or v3. While a subscriber moves to another version, both are in its queue. They share their
// event id, so the first is handled and the second is a duplicate. The error wraps [ErrUnreadable] for any other event.
func ReadConfirmation(e Envelope) (Confirmation, error) {
	switch e.Metadata.Version {
	case OrderConfirmedV1.Version:
		fact, err := Data[OrderConfirmedNumber](e)
		if err != nil {
			return Confirmation{}, err
		}
		read := Confirmation{OrderConfirmed: fact.OrderConfirmed}
		if fact.OrderValue != nil { // nil only if Unguarded
			read.Value = *fact.OrderValue
		}
		return read, nil
	case OrderConfirmedV3.Version:
		fact, err := Data[OrderConfirmedSparse](e)
		if err != nil {
			return Confirmation{}, err
		}
		return Confirmation{Sparse: true, OrderConfirmed: OrderConfirmed{
			OrderID: fact.OrderID, CustomerID: fact.CustomerID, DeliveryAddressID: fact.DeliveryAddressID,
		}}, nil
	default:
		fact, err := Data[OrderConfirmedMoney](e)
		if err != nil {
			return Confirmation{}, err
		}
		read := Confirmation{OrderConfirmed: fact.OrderConfirmed}
		if fact.OrderValue != nil {
			read.Value = fact.OrderValue.Value
		}
		return read, nil
	}
}
