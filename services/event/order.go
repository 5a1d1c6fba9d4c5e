package event

import (
	"errors"
	"fmt"
	"strings"
)

// Address is a delivery address.
type Address struct {
	AddressLine1 string `json:"addressLine1"`
	AddressLine2 string `json:"addressLine2,omitempty"`
	City         string `json:"city,omitempty"`
	Postcode     string `json:"postcode,omitempty"`
}

// Check returns the first wrong line, as it is called in JSON, and what is wrong with it. addressLine1 is required, a line has at
// most 200 bytes, and [CheckText] must accept it.
func (a Address) Check() (field string, err error) {
	if strings.TrimSpace(a.AddressLine1) == "" {
		return "addressLine1", fmt.Errorf("is missing; want 1 to %d bytes of text", maxText)
	}
	for _, line := range []struct{ name, text string }{
		{"addressLine1", a.AddressLine1}, {"addressLine2", a.AddressLine2}, {"city", a.City}, {"postcode", a.Postcode},
	} {
		if len(line.text) > maxText {
			return line.name, fmt.Errorf("is %d bytes long, want at most %d", len(line.text), maxText)
		}
		if err := CheckText(line.text); err != nil {
			return line.name, err
		}
	}
	return "", nil
}

// Item is one line of an order.
type Item struct {
	ItemName string   `json:"itemName"`
	Quantity Quantity `json:"quantity"`
	// Pieces is the number for the quantity [AllOfThem]. The menu has it, and the kitchen does not have the menu. The talk's
	// slide lacks it, so it may be missing.
	Pieces Whole `json:"pieces,omitempty"`
}

// Count returns the number of pieces. guess is used for [AllOfThem] without Pieces.
func (i Item) Count(guess int) int {
	if i.Pieces > 0 {
		guess = int(i.Pieces)
	}
	return i.Quantity.Count(guess)
}

// OrderCreated is published when an order was placed. It is a notification and small on purpose.
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

// OrderConfirmed is the common part of both fat forms. It has all state that a consumer needs, so that none calls back
// (event-carried state transfer).
type OrderConfirmed struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	// CustomerID is not on the talk's slide, so it may be empty. A consumer that needs it must check it.
	CustomerID string `json:"customerId"`
	// DeliveryAddress or DeliveryAddressID is set.
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
	return errors.Join(present("orderId", e.OrderID), clean("orderNumber", e.OrderNumber,
		"customerId", e.CustomerID, "deliveryAddressId", e.DeliveryAddressID), checkItems(e.Items))
}

// checkItems finds missing fields, which the decoder does not report.
func checkItems(items []Item) error {
	for i, item := range items {
		if err := present("itemName", item.ItemName, "quantity", string(item.Quantity)); err != nil {
			return fmt.Errorf("items[%d].%w", i, err)
		}
		if item.Pieces < 0 || item.Pieces > maxPieces {
			return fmt.Errorf("items[%d].pieces is %d: want 0 to %d", i, item.Pieces, maxPieces)
		}
	}
	return nil
}

// OrderConfirmedNumber is v1: the value is a number without a currency.
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

// OrderConfirmedMoney is v2: the value is an amount with its currency.
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
	if err := CheckCurrency(e.OrderValue.Currency); err != nil {
		return fmt.Errorf("orderValue.currency: %w", err)
	}
	return e.validate()
}

// OrderCancelled corrects OrderConfirmed. Facts are never changed: a new event corrects them.
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
