package failures

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// overflowFailures is the one that the process topology takes part in.
var overflowFailures = map[failure.Key]failureTest{failure.QueueOverflow: testQueueOverflow}

const forKitchen = "send events:order.order-confirmed.v2"

// Ten orders at once, and a queue of length 1 before the kitchen.
func testQueueOverflow(t *testing.T, b *stage) {
	place := func() []orderclient.Order {
		orders := make([]orderclient.Order, 10)
		for n := range orders {
			orders[n] = b.order(t, "")
		}
		return orders
	}
	// The oldest are dropped, and nobody is told: the orders stay where they are.
	b.set(t, failure.QueueOverflow, failure.Setting{Variant: "drop-head"})
	orders := place()
	status := func() map[string]int {
		counts := map[string]int{}
		for _, order := range orders {
			now, err := b.Client().Do(orderclient.Unrecorded(t.Context()), http.MethodGet, "/order/"+order.OrderID, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			counts[now.Status]++
		}
		return counts
	}
	b.Await(t, 30*time.Second, "each order is delivered or stands still", func() bool {
		counts := status()
		return counts["delivered"] >= 1 && counts["delivered"]+counts["confirmed"] == len(orders)
	})
	b.clear(t)
	b.waitForNoQueue(t, "kitchen.order-confirmed.drop-head")
	time.Sleep(2 * acts) // what was left in it goes its way
	counts := status()
	if counts["confirmed"] == 0 || counts["delivered"] == 0 {
		t.Fatalf("of ten orders %v: want some of each", counts)
	}
	for _, order := range orders {
		now, err := b.Client().Do(orderclient.Unrecorded(t.Context()), http.MethodGet, "/order/"+order.OrderID, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends, taken := spansOf(tree, "order", forKitchen), spansOf(tree, "kitchen", kitchenConfirmed)
			wanted := 0
			if now.Status == "delivered" {
				wanted = 1
			}
			lack := first(some(forKitchen, sends, 1), some("of the kitchen, of an order that is "+now.Status, taken, wanted))
			if lack == "" && sends[0].Status == tracetree.StatusError {
				lack = "the send is an error"
			}
			if lack == "" && wanted == 1 {
				lack = first(injected(taken[0], failure.QueueOverflow), some("under the send", children(tree, sends[0], "kitchen.order-confirmed"), 1))
			}
			if lack == "" {
				lack = first(injected(sends[0], failure.QueueOverflow), evaluated(sends[0], failure.QueueOverflow, "drop-head"))
			}
			return lack
		})
	}
	// What the producer remembers it can send again.
	if out, err := b.TraceriaWith(append(b.Environment(t, "order"), b.As(t, "operator")...), "topology", "resend", "--queue", "kitchen.order-confirmed"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, order := range orders {
		b.becomes(t, order, "delivered")
	}

	// The new ones are refused, and wait in the outbox.
	b.set(t, failure.QueueOverflow, failure.Setting{Variant: "reject-publish"})
	orders = place()
	refused := 0
	for _, order := range orders[1:] {
		b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends := spansOf(tree, "order", forKitchen)
			if len(sends) == 0 {
				return "no send"
			}
			return first(injected(sends[0], failure.QueueOverflow), evaluated(sends[0], failure.QueueOverflow, "reject-publish"))
		})
	}
	b.clear(t)
	for _, order := range orders {
		b.becomes(t, order, "delivered")
		b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends := spansOf(tree, "order", forKitchen)
			if len(sends) == 0 {
				return "no send"
			}
			for n, send := range sends {
				failed := n < len(sends)-1
				if (send.Status == tracetree.StatusError) != failed {
					return fmt.Sprintf("send %d of %d: status %q", n+1, len(sends), send.Status)
				}
				if failed && send.Attributes["error.type"] != "nack" {
					return fmt.Sprintf("send %d has error.type %v", n+1, send.Attributes["error.type"])
				}
			}
			return some(lastEvent, lastOf(tree), 1)
		})
		sends := spansOf(b.trace(t, order.TraceID, func(*tracetree.Tree) string { return "" }), "order", forKitchen)
		if len(sends) > 1 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no send was refused")
	}
	if len(b.searched(t, "order", failure.QueueOverflow)) == 0 {
		t.Error("Jaeger does not find it by its tag")
	}
	b.waitForNoQueue(t, "kitchen.order-confirmed.reject-publish")
	b.cleanOrder(t)

	// The process that put the queue there dies, and it is switched off before there is another: that one takes it away.
	b.set(t, failure.QueueOverflow, failure.Setting{Variant: "drop-head"})
	left := b.order(t, "")
	b.Watcher.Kill()
	if err := b.flags.Clear(); err != nil {
		t.Fatal(err)
	}
	b.waitForNoQueue(t, "kitchen.order-confirmed.drop-head")
	b.becomes(t, left, "delivered")
	b.becomes(t, b.order(t, ""), "delivered")
}

// waitForNoQueue waits until the queue is deleted.
func (b *stage) waitForNoQueue(t *testing.T, name string) {
	t.Helper()
	b.Await(t, 20*time.Second, name+" is deleted", func() bool {
		status, _ := b.Answer(b.Broker.ManagementURL + "/api/queues/%2F/" + name)
		return status == http.StatusNotFound
	})
}
