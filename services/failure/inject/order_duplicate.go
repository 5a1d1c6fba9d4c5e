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

// double sends them again when the broker has all of the batch: who gets both has had the first one for a while. What
// becomes of the second is nobody's concern.
func (r relay) double(ctx context.Context, batch []event.Outgoing, doubles map[int]bool, results []error) {
	var again []event.Outgoing
	for n, o := range batch {
		if doubles[n] && results[n] == nil {
			inject(&o, failure.OrderDuplicate)
			again = append(again, o)
		}
	}
	if len(again) > 0 {
		r.Publisher.Publish(ctx, again)
	}
}
