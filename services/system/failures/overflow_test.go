package failures

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// overflowFailures are the failures that involve the process topology.
var overflowFailures = map[failure.Key]failureTest{failure.QueueOverflow: testQueueOverflow}

// Ten orders meet a queue of length 1 before the kitchen.
func testQueueOverflow(t *testing.T, st *stage) {
	place := func() []orderclient.Order {
		orders := make([]orderclient.Order, 10)
		for n := range orders {
			orders[n] = st.place(t, "")
		}
		return orders
	}
	// RabbitMQ drops the oldest messages silently. Their orders stay confirmed.
	st.set(t, failure.QueueOverflow, failure.Setting{Variant: "drop-head"})
	orders := place()
	status := func() map[string]int {
		counts := map[string]int{}
		for _, order := range orders {
			now, err := st.Client().Do(orderclient.Unrecorded(t.Context()), http.MethodGet, "/order/"+order.OrderID, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			counts[now.Status]++
		}
		return counts
	}
	st.Await(t, 30*time.Second, "each order is delivered or confirmed", func() bool {
		counts := status()
		return counts["delivered"] >= 1 && counts["delivered"]+counts["confirmed"] == len(orders)
	})
	st.clear(t)
	st.waitForNoQueue(t, "kitchen.order-confirmed.drop-head")
	time.Sleep(2 * actTime) // the remaining messages move on
	counts := status()
	if counts["confirmed"] == 0 || counts["delivered"] == 0 {
		t.Fatalf("got %v, want delivered and confirmed orders", counts)
	}
	for _, order := range orders {
		now, err := st.Client().Do(orderclient.Unrecorded(t.Context()), http.MethodGet, "/order/"+order.OrderID, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends, taken := spansOf(tree, "order", v2Sent), spansOf(tree, "kitchen", kitchenConfirmed)
			wanted := 0
			if now.Status == "delivered" {
				wanted = 1
			}
			fault := firstFault(wantSpans(v2Sent, sends, 1), wantSpans("of the kitchen, of an order that is "+now.Status, taken, wanted))
			if fault == "" && sends[0].Status == tracetree.StatusError {
				fault = "the send is an error"
			}
			if fault == "" && wanted == 1 {
				fault = firstFault(wantInjected(taken[0], failure.QueueOverflow), wantSpans("under the send", children(tree, sends[0], "kitchen.order-confirmed"), 1))
			}
			if fault == "" {
				fault = firstFault(wantInjected(sends[0], failure.QueueOverflow), wantEvaluated(sends[0], failure.QueueOverflow, "drop-head"))
			}
			return fault
		})
	}
	st.wantGap(t, "queue.overflow=drop-head", orders...)
	// The producer still has the dropped events and can send them again.
	if out, err := st.TraceriaWith(append(st.Environment(t, "order"), st.As(t, "operator")...), "topology", "resend", "--queue", "kitchen.order-confirmed"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, order := range orders {
		st.awaitStatus(t, order, "delivered")
	}

	// RabbitMQ refuses new messages. They wait in the outbox.
	st.set(t, failure.QueueOverflow, failure.Setting{Variant: "reject-publish"})
	orders = place()
	refused := 0
	for _, order := range orders[1:] {
		st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends := spansOf(tree, "order", v2Sent)
			if len(sends) == 0 {
				return "no send"
			}
			return firstFault(wantInjected(sends[0], failure.QueueOverflow), wantEvaluated(sends[0], failure.QueueOverflow, "reject-publish"))
		})
	}
	st.wantGap(t, "queue.overflow=reject-publish", orders[1:]...)
	st.clear(t)
	for _, order := range orders {
		st.awaitStatus(t, order, "delivered")
		st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends := spansOf(tree, "order", v2Sent)
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
			return wantSpans(lastEvent, lastOf(tree), 1)
		})
		sends := spansOf(st.trace(t, order.TraceID, func(*tracetree.Tree) string { return "" }), "order", v2Sent)
		if len(sends) > 1 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no send was refused")
	}
	if len(st.findByKey(t, "order", failure.QueueOverflow)) == 0 {
		t.Error("Jaeger finds no span by the tag")
	}
	st.waitForNoQueue(t, "kitchen.order-confirmed.reject-publish")
	st.placeCleanOrder(t)

	// The process that declared the short queue is killed, and the failure is cleared meanwhile. Its successor removes
	// the queue.
	before := len(st.Watcher.Output())
	st.set(t, failure.QueueOverflow, failure.Setting{Variant: "drop-head"})
	st.Await(t, 30*time.Second, "the process topology has switched to the short queue", func() bool {
		return strings.Contains(st.Watcher.Output()[before:], "kitchen.order-confirmed.drop-head")
	})
	remaining := st.place(t, "")
	asked := strings.Count(st.Watcher.Output(), askedAgain)
	st.Watcher.Kill()
	if err := st.flags.Clear(); err != nil {
		t.Fatal(err)
	}
	st.waitForNoQueue(t, "kitchen.order-confirmed.drop-head")
	st.awaitStatus(t, remaining, "delivered")
	st.awaitStatus(t, st.place(t, ""), "delivered")
	st.waitForResend(t, asked)
}

// askedAgain is in the line of the process topology about a request to the order service.
const askedAgain = "order publishes again"

// waitForResend waits until the order service was asked to publish again, and has done so. The events of earlier orders come again
// with the failures of these orders, and make dead letters that the next test must not meet.
func (st *stage) waitForResend(t *testing.T, asked int) {
	t.Helper()
	last, since := -1, time.Now()
	st.Await(t, time.Minute, "the order service has published again", func() bool {
		if left := st.Unsent(t, "order"); left != last { // an unroutable event stays
			last, since = left, time.Now()
		}
		return strings.Count(st.Watcher.Output(), askedAgain) > asked && time.Since(since) > 3*time.Second
	})
}

// waitForNoQueue waits until the queue is deleted.
func (st *stage) waitForNoQueue(t *testing.T, name string) {
	t.Helper()
	st.Await(t, 20*time.Second, name+" is deleted", func() bool {
		status, _ := st.Answer(st.Broker.ManagementURL + "/api/queues/%2F/" + name)
		return status == http.StatusNotFound
	})
}
