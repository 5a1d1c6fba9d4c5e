package inject

import (
	"context"

	"traceria/services/event"
	"traceria/services/failure"
)

// duplicates returns the indexes of the events in the batch for which order.duplicate is on. Each is sent twice with
// one message id. Jaeger shows two sends. Of two process spans of a consumer, one has traceria.message.duplicate=true,
// mostly the one under the second send.
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

// double sends the events again after the broker has confirmed the batch, so consumers have had time for the first
// copy. It ignores the result of the second send.
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
