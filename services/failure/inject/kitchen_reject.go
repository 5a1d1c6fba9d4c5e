package inject

import (
	"context"

	"traceria/services/failure"
)

// Dough is kitchen.reject: how many pieces the kitchen has dough for, which is none while it is on. Jaeger shows a send of
// OrderRejected instead of TicketOpened, then OrderCancelled and LoyaltyPointsReversed, and no error: it is a decision of
// the business.
func Dough(ctx context.Context, pieces int) int {
	if _, on := failure.On(ctx, failure.KitchenReject); on {
		failure.Inject(ctx, failure.KitchenReject)
		return 0
	}
	return pieces
}
