package inject

import (
	"context"

	"traceria/services/event"
	"traceria/services/failure"
)

// reordered is order.reorder: it holds the first form of an OrderConfirmed back until what follows it in the batch was
// sent and confirmed, its other form at least. Jaeger shows that the send of v1, which loyalty takes, begins after that
// of v2 has ended; the order ends as it should. Where only one form is published and nothing else waits, there is
// nothing to overtake it.
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
