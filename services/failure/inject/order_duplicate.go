package inject

import (
	"context"

	"traceria/services/event"
	"traceria/services/failure"
)

// duplicates is order.duplicate: it says which events of the batch are sent twice, with the same message id. Jaeger shows
// two sends, and process spans with traceria.message.duplicate=true under the second.
func duplicates(ctx context.Context, batch []event.Outgoing) map[int]bool {
	doubles := map[int]bool{}
	for n, o := range batch {
		if !confirmed(o) {
			continue
		}
		if _, on := failure.On(of(ctx, o), failure.OrderDuplicate); on {
			doubles[n] = true
		}
	}
	return doubles
}

// again is the second sending.
func again(o event.Outgoing) event.Outgoing {
	inject(&o, failure.OrderDuplicate)
	return o
}
