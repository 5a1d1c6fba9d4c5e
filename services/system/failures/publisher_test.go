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

// publisherFailures are the failures of the publisher and the broker.
var publisherFailures = map[failure.Key]failureTest{
	failure.OrderDuplicate:   testOrderDuplicate,
	failure.OrderReorder:     testOrderReorder,
	failure.OrderUnroutable:  testOrderUnroutable,
	failure.OrderDualWrite:   testOrderDualWrite,
	failure.OutboxStall:      testOutboxStall,
	failure.BrokerDisconnect: testBrokerDisconnect,
	failure.BrokerNack:       testBrokerNack,
	failure.MessageExpire:    testMessageExpire,
}

// Each form is sent twice with one id, and every consumer handles it once.
func testOrderDuplicate(t *testing.T, st *stage) {
	order, other := st.place(t, "order.duplicate"), st.place(t, "")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, wantTwice)
	st.wantFound(t, failure.OrderDuplicate, order.TraceID)
	st.wantCleanOrder(t, other)
	if points, times := st.points(t, "customer-1", order.OrderID); points != 6 || times != 1 {
		t.Errorf("%d points in %d entries, want 6 in 1", points, times)
	}
	// Half of the orders are doubled.
	st.set(t, failure.OrderDuplicate, failure.Setting{Percent: 50})
	var some []orderclient.Order
	for range 16 { // one run in 30,000 has only doubled or no doubled orders
		some = append(some, st.place(t, ""))
	}
	doubled := 0
	for _, order := range some {
		st.awaitStatus(t, order, "delivered")
		tree := st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			if len(lastOf(tree)) == 0 {
				return "the last event is missing"
			}
			if len(spansOf(tree, "order", confirmationSent)) == 2 {
				return wantClean(tree)
			}
			return wantTwice(tree)
		})
		if len(spansOf(tree, "order", confirmationSent)) > 2 {
			doubled++
		}
	}
	if doubled == 0 || doubled == len(some) {
		t.Errorf("%d of %d orders are doubled, want half of them", doubled, len(some))
	}
}

// wantTwice checks a trace in which OrderConfirmed is sent twice.
func wantTwice(tree *tracetree.Tree) string {
	for _, form := range []string{v1Sent, v2Sent} {
		sends := spansOf(tree, "order", form)
		if fault := wantSpans(form, sends, 2); fault != "" {
			return fault
		}
		if sends[1].Start.Before(sends[0].End()) {
			return "the second send began before the first had ended"
		}
		if fault := firstFault(wantAttribute(sends[0], "traceria.failure", nil), wantInjected(sends[1], failure.OrderDuplicate), wantEvaluated(sends[1], failure.OrderDuplicate, "on"),
			wantAttribute(sends[1], "messaging.message.id", sends[0].Attributes["messaging.message.id"])); fault != "" {
			return fault
		}
		for service, taken := range confirmedBy {
			if taken != form {
				continue
			}
			one, two := children(tree, sends[0], ":"+service+"."), children(tree, sends[1], ":"+service+".")
			if fault := firstFault(wantSpans("of "+service+" under the first send", one, 1), wantSpans("of "+service+" under the second send", two, 1)); fault != "" {
				return fault
			}
			early, late := one[0].Attributes["traceria.message.duplicate"] == true, two[0].Attributes["traceria.message.duplicate"] == true
			if early == late { // the broker does not guarantee which copy is handled first
				return fmt.Sprintf("%s: the first is a duplicate: %t, the second: %t", service, early, late)
			}
			if fault := firstFault(wantAttribute(one[0], "traceria.failure", nil), wantInjected(two[0], failure.OrderDuplicate)); fault != "" {
				return fault
			}
		}
	}
	return wantSpans("of the ticket", spansOf(tree, "kitchen", aTicket), 1)
}

// The form that is stored first is sent last. The order still reaches its correct end.
func testOrderReorder(t *testing.T, st *stage) {
	order, other := st.place(t, "order.reorder"), st.place(t, "")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		v1, v2, taken := spansOf(tree, "order", v1Sent), spansOf(tree, "order", v2Sent), spansOf(tree, "loyalty", confirmationTaken)
		if fault := firstFault(wantSpans(v1Sent, v1, 1), wantSpans(v2Sent, v2, 1), wantSpans("of loyalty", taken, 1)); fault != "" {
			return fault
		}
		if v1[0].Start.Before(v2[0].End()) {
			return "v1 was sent before v2 was confirmed"
		}
		return firstFault(wantInjected(v1[0], failure.OrderReorder), wantEvaluated(v1[0], failure.OrderReorder, "on"), wantInjected(taken[0], failure.OrderReorder),
			wantAttribute(v2[0], "traceria.failure", nil), wantSpans("of the last event", lastOf(tree), 1))
	})
	st.wantFound(t, failure.OrderReorder, order.TraceID)
	st.wantCleanOrder(t, other)
	st.trace(t, other.TraceID, func(tree *tracetree.Tree) string {
		v1, v2 := spansOf(tree, "order", v1Sent), spansOf(tree, "order", v2Sent)
		if v1[0].Start.After(v2[0].Start) {
			return "v1 was sent after v2 without the failure"
		}
		return ""
	})
	if points, times := st.points(t, "customer-1", order.OrderID); points != 6 || times != 1 {
		t.Errorf("%d points in %d entries, want 6 in 1", points, times)
	}
}

// RabbitMQ returns the event, and the outbox keeps it until it is routed.
func testOrderUnroutable(t *testing.T, st *stage) {
	st.set(t, failure.OrderUnroutable, failure.Setting{Customer: "customer-4"})
	order, other := st.placeFor(t, "customer-4", ""), st.placeFor(t, "customer-5", "")
	refused := func(tree *tracetree.Tree) []tracetree.Span {
		return spansOf(tree, "order", "send events:order.no-binding")
	}
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		sends := refused(tree)
		if len(sends) < 4 { // two forms, at least twice
			return fmt.Sprintf("%d unroutable sends", len(sends))
		}
		for _, send := range sends {
			if fault := firstFault(wantAttribute(send, "error.type", "unroutable"), wantInjected(send, failure.OrderUnroutable), wantEvaluated(send, failure.OrderUnroutable, "on"),
				wantSpans("under the send", children(tree, send, ""), 0)); fault != "" || send.Status != tracetree.StatusError {
				return send.Status + " " + fault
			}
		}
		return firstFault(wantSpans("of the form v1", spansOf(tree, "order", v1Sent), 0), wantSpans("of the kitchen", spansOf(tree, "kitchen", ""), 0))
	})
	st.wantFound(t, failure.OrderUnroutable, order.TraceID)
	st.wantGap(t, "order.unroutable", order)
	st.wantCleanOrder(t, other)
	st.awaitStatus(t, order, "confirmed")
	st.clear(t)
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for _, form := range []string{v1Sent, v2Sent} {
			sends := spansOf(tree, "order", form)
			if fault := wantSpans(form, sends, 1); fault != "" {
				return fault
			}
			if fault := wantAttribute(sends[0], "traceria.failure", nil); fault != "" || sends[0].Status == tracetree.StatusError {
				return sends[0].Status + " " + fault
			}
		}
		return wantSpans("of the last event", lastOf(tree), 1)
	})
	// One order is affected, other orders continue.
	order = st.place(t, "order.unroutable")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		sends := refused(tree)
		if len(sends) < 2 {
			return fmt.Sprintf("%d unroutable sends", len(sends))
		}
		return firstFault(wantAttribute(sends[0], "error.type", "unroutable"), wantInjected(sends[0], failure.OrderUnroutable))
	})
	st.placeCleanOrder(t)
	st.awaitStatus(t, order, "confirmed")
}

// The order is stored, the process dies before the publish, and no retry follows.
func testOrderDualWrite(t *testing.T, st *stage) {
	back := st.expectDeath(t, "order")
	header := http.Header{failure.Header: {"order.dual-write"}, "Idempotency-Key": {fmt.Sprint("dual-write ", time.Now().UnixNano())}}
	if answer, err := st.Client().Do(t.Context(), http.MethodPost, "/order", header, orderclient.OneMargherita("customer-1")); err == nil {
		t.Fatalf("the process that was to die answered %+v", answer)
	}
	back()
	// A repeated request returns the stored order.
	header.Del(failure.Header)
	order, err := st.Client().Do(t.Context(), http.MethodPost, "/order", header, orderclient.OneMargherita("customer-1"))
	if err != nil {
		t.Fatal(err)
	}
	st.keepsStatus(t, order, "created")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		roots := spansOf(tree, "order", "POST /order")
		if fault := firstFault(wantSpans("of the request", roots, 1), wantSpans("of a send", spansOf(tree, "order", "send "), 0)); fault != "" {
			return fault
		}
		if roots[0].Status != tracetree.StatusError {
			return "the request has the status " + roots[0].Status
		}
		// One transaction with the order and without an outbox row, and it was committed.
		stored := children(tree, roots[0], "INSERT ")
		if len(stored) != 1 || stored[0].Name != "INSERT orders" || stored[0].Status != "" || stored[0].Attributes["traceria.db.commit_ms"] == nil {
			return fmt.Sprintf("the request has not the transaction of an order without an outbox: %v", stored)
		}
		return firstFault(wantAttribute(roots[0], "error.type", "crash"), wantInjected(roots[0], failure.OrderDualWrite), wantEvaluated(roots[0], failure.OrderDualWrite, "on"))
	})
	st.wantFound(t, failure.OrderDualWrite, order.TraceID)
	st.wantGap(t, "order.dual-write", order)
	st.placeCleanOrder(t)
	st.awaitStatus(t, order, "created")
}

// The order is accepted, and no event is sent until the outbox continues.
func testOutboxStall(t *testing.T, st *stage) {
	st.placeCleanOrder(t)
	st.set(t, failure.OutboxStall, failure.Setting{})
	order := st.place(t, "")
	st.keepsStatus(t, order, "created")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return firstFault(wantSpans("of the request", spansOf(tree, "order", "POST /order"), 1), wantSpans("of a send", spansOf(tree, "order", "send "), 0))
	})
	st.wantGap(t, "outbox.stall", order)
	st.clear(t)
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		requests, sends, taken := spansOf(tree, "order", "POST /order"), spansOf(tree, "order", "send "), spansOf(tree, "order", "process events:order.order-created")
		if fault := firstFault(wantSpans("of the request", requests, 1), wantSpans("of OrderCreated", taken, 1), wantSpans("of the last event", lastOf(tree), 1)); fault != "" {
			return fault
		}
		if gap := sends[0].Start.Sub(requests[0].End()); gap < actTime {
			return fmt.Sprintf("the gap before the first send is %s", gap)
		}
		for _, later := range sends[1:] {
			if fault := wantAttribute(later, "traceria.failure", nil); fault != "" {
				return fault
			}
		}
		return firstFault(wantInjected(sends[0], failure.OutboxStall), wantInjected(taken[0], failure.OutboxStall))
	})
	st.wantFound(t, failure.OutboxStall, order.TraceID)
	st.placeCleanOrder(t)
}
