package inject

import (
	"context"

	"traceria/services/failure"
)

// Dough returns the number of pieces that the kitchen has dough for: pieces, or 0 while kitchen.reject is on. Jaeger
// shows a send of OrderRejected instead of TicketOpened, then OrderCancelled and LoyaltyPointsReversed, and no error.
func Dough(ctx context.Context, pieces int) int {
	if _, on := failure.On(ctx, failure.KitchenReject); on {
		failure.Inject(ctx, failure.KitchenReject)
		return 0
	}
	return pieces
}
