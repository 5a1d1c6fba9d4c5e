package event

import "fmt"

// LoyaltyPoints is the data of both loyalty events.
type LoyaltyPoints struct {
	OrderID    string `json:"orderId"`
	CustomerID string `json:"customerId"`
	// Points is the number of points that were earned or taken back. It is never negative.
	Points Whole `json:"points"`
}

// Validate implements [Payload].
func (e LoyaltyPoints) Validate() error {
	if e.Points < 0 {
		return fmt.Errorf("points is %d: want 0 or more", e.Points)
	}
	return present("orderId", e.OrderID, "customerId", e.CustomerID)
}

// LoyaltyPointsEarned is published when an order earned points.
type LoyaltyPointsEarned struct{ LoyaltyPoints }

// Type implements [Payload].
func (LoyaltyPointsEarned) Type() Type { return LoyaltyPointsEarnedV1 }

// LoyaltyPointsReversed corrects LoyaltyPointsEarned after a cancellation.
type LoyaltyPointsReversed struct{ LoyaltyPoints }

// Type implements [Payload].
func (LoyaltyPointsReversed) Type() Type { return LoyaltyPointsReversedV1 }
