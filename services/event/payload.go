package event

import (
	"errors"
	"fmt"
	"time"
)

// Address is where an order goes.
type Address struct {
	AddressLine1 string `json:"addressLine1"`
	AddressLine2 string `json:"addressLine2,omitempty"`
	City         string `json:"city,omitempty"`
	Postcode     string `json:"postcode,omitempty"`
}

// Item is one line of an order.
type Item struct {
	ItemName string   `json:"itemName"`
	Quantity Quantity `json:"quantity"`
}

// OrderCreated says that an order was placed: a notification, small on purpose.
type OrderCreated struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
}

// Type implements [Payload].
func (OrderCreated) Type() Type { return OrderCreatedV1 }

// Validate implements [Payload].
func (e OrderCreated) Validate() error {
	return present("orderId", e.OrderID, "orderNumber", e.OrderNumber)
}

// OrderConfirmed is the part that both fat forms of the event share: everything that a receiver needs, so that
// none has to call back (event-carried state transfer).
type OrderConfirmed struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	// CustomerID is not on the talk's slide, so a reader that needs it must check it.
	CustomerID string `json:"customerId"`
	// DeliveryAddress and DeliveryAddressID: one of the two is given.
	DeliveryAddress   *Address `json:"deliveryAddress,omitempty"`
	DeliveryAddressID string   `json:"deliveryAddressId,omitempty"`
	Items             []Item   `json:"items"`
}

func (e OrderConfirmed) validate() error {
	if e.DeliveryAddress == nil && e.DeliveryAddressID == "" {
		return errors.New("deliveryAddress is missing")
	}
	if len(e.Items) == 0 {
		return errors.New("items is empty")
	}
	return errors.Join(present("orderId", e.OrderID), checkItems(e.Items))
}

// checkItems finds what reading cannot: a field that is not there at all.
func checkItems(items []Item) error {
	for i, item := range items {
		if err := present("itemName", item.ItemName, "quantity", string(item.Quantity)); err != nil {
			return fmt.Errorf("items[%d].%w", i, err)
		}
	}
	return nil
}

// OrderConfirmedNumber is v1: the value is a bare number, and nobody can tell of which currency.
type OrderConfirmedNumber struct {
	OrderConfirmed
	OrderValue *Amount `json:"orderValue"`
}

// Type implements [Payload].
func (OrderConfirmedNumber) Type() Type { return OrderConfirmedV1 }

// Validate implements [Payload].
func (e OrderConfirmedNumber) Validate() error {
	if e.OrderValue == nil {
		return errors.New("orderValue is missing")
	}
	if e.OrderValue.IsNegative() {
		return errors.New("orderValue is negative")
	}
	return e.validate()
}

// OrderConfirmedMoney is v2: the value is money.
type OrderConfirmedMoney struct {
	OrderConfirmed
	OrderValue *Money `json:"orderValue"`
}

// Type implements [Payload].
func (OrderConfirmedMoney) Type() Type { return OrderConfirmedV2 }

// Validate implements [Payload].
func (e OrderConfirmedMoney) Validate() error {
	if e.OrderValue == nil || e.OrderValue.Currency == "" {
		return errors.New("orderValue with value and currency is missing")
	}
	if e.OrderValue.Value.IsNegative() {
		return errors.New("orderValue is negative")
	}
	return e.validate()
}

// OrderCancelled corrects OrderConfirmed: facts are not changed, new ones follow.
type OrderCancelled struct {
	OrderID    string `json:"orderId"`
	CustomerID string `json:"customerId"`
	Reason     string `json:"reason"`
}

// Type implements [Payload].
func (OrderCancelled) Type() Type { return OrderCancelledV1 }

// Validate implements [Payload].
func (e OrderCancelled) Validate() error {
	return present("orderId", e.OrderID, "customerId", e.CustomerID, "reason", e.Reason)
}

// TicketOpened is private to the kitchen: thick, because both ends are ours to change.
type TicketOpened struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	Items       []Item `json:"items"`
}

// Type implements [Payload].
func (TicketOpened) Type() Type { return TicketOpenedV1 }

// Validate implements [Payload].
func (e TicketOpened) Validate() error {
	return errors.Join(present("orderId", e.OrderID), checkItems(e.Items))
}

// OrderPreparing says that a cook took the ticket.
type OrderPreparing struct {
	OrderID string `json:"orderId"`
}

// Type implements [Payload].
func (OrderPreparing) Type() Type { return OrderPreparingV1 }

// Validate implements [Payload].
func (e OrderPreparing) Validate() error { return present("orderId", e.OrderID) }

// OrderBoxed says that the food is in its box and can be driven out.
type OrderBoxed struct {
	OrderID string `json:"orderId"`
}

// Type implements [Payload].
func (OrderBoxed) Type() Type { return OrderBoxedV1 }

// Validate implements [Payload].
func (e OrderBoxed) Validate() error { return present("orderId", e.OrderID) }

// OrderRejected says that the kitchen cannot make the order.
type OrderRejected struct {
	OrderID string `json:"orderId"`
	Reason  string `json:"reason"`
}

// Type implements [Payload].
func (OrderRejected) Type() Type { return OrderRejectedV1 }

// Validate implements [Payload].
func (e OrderRejected) Validate() error { return present("orderId", e.OrderID, "reason", e.Reason) }

// DeliveryNotificationSent says that the customer was told that the order is on its way.
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

// OrderDelivered says that the customer has the food.
type OrderDelivered struct {
	OrderID string `json:"orderId"`
}

// Type implements [Payload].
func (OrderDelivered) Type() Type { return OrderDeliveredV1 }

// Validate implements [Payload].
func (e OrderDelivered) Validate() error { return present("orderId", e.OrderID) }

// LoyaltyPoints is the data of both loyalty events.
type LoyaltyPoints struct {
	OrderID    string `json:"orderId"`
	CustomerID string `json:"customerId"`
	// Points is how many were earned or taken back: never negative.
	Points int `json:"points"`
}

// Validate implements [Payload].
func (e LoyaltyPoints) Validate() error {
	if e.Points < 0 {
		return fmt.Errorf("points is %d: want 0 or more", e.Points)
	}
	return present("orderId", e.OrderID, "customerId", e.CustomerID)
}

// LoyaltyPointsEarned says that an order brought points.
type LoyaltyPointsEarned struct{ LoyaltyPoints }

// Type implements [Payload].
func (LoyaltyPointsEarned) Type() Type { return LoyaltyPointsEarnedV1 }

// LoyaltyPointsReversed corrects LoyaltyPointsEarned after a cancellation.
type LoyaltyPointsReversed struct{ LoyaltyPoints }

// Type implements [Payload].
func (LoyaltyPointsReversed) Type() Type { return LoyaltyPointsReversedV1 }

// StaffMember is the data of both staff events.
type StaffMember struct {
	StaffMemberID string `json:"staffMemberId"`
	// At is when the clock was used. Of two events about one person the later At wins, in whatever order they come.
	At time.Time `json:"at"`
}

// Validate implements [Payload].
func (e StaffMember) Validate() error {
	if e.At.IsZero() {
		return errors.New("at is missing")
	}
	return present("staffMemberId", e.StaffMemberID)
}

// StaffMemberClockedIn says that a cook started to work.
type StaffMemberClockedIn struct{ StaffMember }

// Type implements [Payload].
func (StaffMemberClockedIn) Type() Type { return StaffMemberClockedInV1 }

// StaffMemberClockedOut says that a cook went home.
type StaffMemberClockedOut struct{ StaffMember }

// Type implements [Payload].
func (StaffMemberClockedOut) Type() Type { return StaffMemberClockedOutV1 }

// present takes names and values in turn and names the first that is empty.
func present(namesAndValues ...string) error {
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] == "" {
			return fmt.Errorf("%s is missing", namesAndValues[i])
		}
	}
	return nil
}
