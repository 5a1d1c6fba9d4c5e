package event

// OrderConfirmedSparse is v3: who and where to, by id. Whoever needs more asks for it, or knows it already.
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

// Confirmation is what any form of OrderConfirmed says.
type Confirmation struct {
	OrderConfirmed
	// Value is zero when the form is sparse.
	Value Amount
	// Sparse says that there are ids only, and no items, number and value.
	Sparse bool
}

// ReadConfirmation reads v1, v2 or v3. A subscriber that moves from the one to the other has both in its queue for a
// while: they share their event id, so whichever comes first is handled and the other is a duplicate. Any other
// event is [ErrUnreadable].
func ReadConfirmation(e Envelope) (Confirmation, error) {
	switch e.Metadata.Version {
	case OrderConfirmedV1.Version:
		fact, err := Data[OrderConfirmedNumber](e)
		if err != nil {
			return Confirmation{}, err
		}
		read := Confirmation{OrderConfirmed: fact.OrderConfirmed}
		if fact.OrderValue != nil { // it is there, unless nobody checked
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
