package inject

import (
	"context"

	"traceria/services/event"
	"traceria/services/failure"
)

// reordered splits the batch for order.reorder. later has the first form of each OrderConfirmed; it is sent after the
// rest is confirmed. Jaeger shows that the send of v1 begins after that of v2 has ended. Without a later event in the
// batch nothing can overtake.
func reordered(ctx context.Context, batch []event.Outgoing) (first, later []int) {
	held := map[string]bool{}
	for n, o := range batch {
		fact := o.Envelope.Metadata.EventID
		if confirmed(o) && !held[fact] && n < len(batch)-1 {
			if _, on := failure.On(of(ctx, o), failure.OrderReorder); on {
				held[fact] = true
				inject(&batch[n], failure.OrderReorder)
				later = append(later, n)
				continue
			}
		}
		first = append(first, n)
	}
	return first, later
}
