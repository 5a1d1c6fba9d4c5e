package main

import (
	"fmt"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

// consumerFailures are those of the consumers.
var consumerFailures = map[failure.Key]failureTest{
	failure.KitchenSlow: testKitchenSlow,
}

// A ticket takes two seconds longer, and Jaeger finds it; the order is late and not lost.
func testKitchenSlow(t *testing.T, b *bench) {
	order := b.order(t, "kitchen.slow=2s")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		tickets := spansOf(tree, "kitchen", "process kitchen.private:kitchen.ticket-opened.v1")
		if len(tickets) != 1 {
			return fmt.Sprintf("%d attempts at the ticket, want 1", len(tickets))
		}
		if tickets[0].Duration < 2*time.Second {
			return fmt.Sprintf("the ticket took %s", tickets[0].Duration)
		}
		return first(injected(tickets[0], failure.KitchenSlow), evaluated(tickets[0], failure.KitchenSlow, "2s"))
	})
}
