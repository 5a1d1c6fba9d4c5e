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

// publisherFailures are those of the publisher and the broker.
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

// Each form is sent twice with one id, and everybody takes it once.
func testOrderDuplicate(t *testing.T, b *stage) {
	order, beside := b.order(t, "order.duplicate"), b.order(t, "")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, twice)
	b.found(t, failure.OrderDuplicate, order.TraceID)
	b.isClean(t, beside)
	if points, times := b.points(t, "customer-1", order.OrderID); points != 6 || times != 1 {
		t.Errorf("%d points at %d times, want 6 once", points, times)
	}
	// For half of the orders.
	b.set(t, failure.OrderDuplicate, failure.Setting{Percent: 50})
	var some []orderclient.Order
	for range 16 { // with luck a thirty-thousandth of the runs has no or only doubled ones
		some = append(some, b.order(t, ""))
	}
	doubled := 0
	for _, order := range some {
		b.becomes(t, order, "delivered")
		tree := b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			if len(lastOf(tree)) == 0 {
				return "the last event is missing"
			}
			if len(spansOf(tree, "order", confirmationSent)) == 2 {
				return clean(tree)
			}
			return twice(tree)
		})
		if len(spansOf(tree, "order", confirmationSent)) > 2 {
			doubled++
		}
	}
	if doubled == 0 || doubled == len(some) {
		t.Errorf("%d of %d orders are doubled, want half of them", doubled, len(some))
	}
}

// twice says what a trace lacks in which OrderConfirmed is sent twice.
func twice(tree *tracetree.Tree) string {
	under := 0
	for _, form := range []string{v1Sent, v2Sent} {
		sends := spansOf(tree, "order", form)
		if lack := some(form, sends, 2); lack != "" {
			return lack
		}
		if sends[1].Start.Before(sends[0].End()) {
			return "the second send began before the first had ended"
		}
		if lack := first(is(sends[0], "traceria.failure", nil), injected(sends[1], failure.OrderDuplicate), evaluated(sends[1], failure.OrderDuplicate, "on"),
			is(sends[1], "messaging.message.id", sends[0].Attributes["messaging.message.id"])); lack != "" {
			return lack
		}
		for service, taken := range confirmedBy {
			if taken != form {
				continue
			}
			one, two := children(tree, sends[0], ":"+service+"."), children(tree, sends[1], ":"+service+".")
			if lack := first(some("of "+service+" under the first send", one, 1), some("of "+service+" under the second send", two, 1)); lack != "" {
				return lack
			}
			early, late := one[0].Attributes["traceria.message.duplicate"] == true, two[0].Attributes["traceria.message.duplicate"] == true
			if early == late {
				return fmt.Sprintf("%s: the first is a duplicate: %t, the second: %t", service, early, late)
			}
			if late { // nobody can promise that the first is handled first
				under++
			}
			if lack := first(is(one[0], "traceria.failure", nil), injected(two[0], failure.OrderDuplicate)); lack != "" {
				return lack
			}
		}
	}
	if under == 0 {
		return "no duplicate under a second send"
	}
	return some("of the ticket", spansOf(tree, "kitchen", aTicket), 1)
}

// The form that is stored first is sent last; the order ends as it should.
func testOrderReorder(t *testing.T, b *stage) {
	order, beside := b.order(t, "order.reorder"), b.order(t, "")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		v1, v2, taken := spansOf(tree, "order", v1Sent), spansOf(tree, "order", v2Sent), spansOf(tree, "loyalty", confirmationTaken)
		if lack := first(some(v1Sent, v1, 1), some(v2Sent, v2, 1), some("of loyalty", taken, 1)); lack != "" {
			return lack
		}
		if v1[0].Start.Before(v2[0].End()) {
			return "v1 was sent before v2 was confirmed"
		}
		return first(injected(v1[0], failure.OrderReorder), evaluated(v1[0], failure.OrderReorder, "on"), injected(taken[0], failure.OrderReorder),
			is(v2[0], "traceria.failure", nil), some("of the last event", lastOf(tree), 1))
	})
	b.found(t, failure.OrderReorder, order.TraceID)
	b.isClean(t, beside)
	b.trace(t, beside.TraceID, func(tree *tracetree.Tree) string {
		v1, v2 := spansOf(tree, "order", v1Sent), spansOf(tree, "order", v2Sent)
		if v1[0].Start.After(v2[0].Start) {
			return "v1 was sent after v2 without the failure"
		}
		return ""
	})
	if points, times := b.points(t, "customer-1", order.OrderID); points != 6 || times != 1 {
		t.Errorf("%d points at %d times, want 6 once", points, times)
	}
}

// RabbitMQ returns the event, and the outbox keeps it until it is routed.
func testOrderUnroutable(t *testing.T, b *stage) {
	b.set(t, failure.OrderUnroutable, failure.Setting{Customer: "customer-4"})
	order, beside := b.orderOf(t, "customer-4", ""), b.orderOf(t, "customer-5", "")
	refused := func(tree *tracetree.Tree) []tracetree.Span {
		return spansOf(tree, "order", "send events:order.nobody-wants-this")
	}
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		sends := refused(tree)
		if len(sends) < 4 { // both forms, and again
			return fmt.Sprintf("%d sends to nobody", len(sends))
		}
		for _, send := range sends {
			if lack := first(is(send, "error.type", "unroutable"), injected(send, failure.OrderUnroutable), evaluated(send, failure.OrderUnroutable, "on"),
				some("under the send", children(tree, send, ""), 0)); lack != "" || send.Status != tracetree.StatusError {
				return send.Status + " " + lack
			}
		}
		return first(some("of the form v1", spansOf(tree, "order", v1Sent), 0), some("of the kitchen", spansOf(tree, "kitchen", ""), 0))
	})
	b.found(t, failure.OrderUnroutable, order.TraceID)
	b.isClean(t, beside)
	b.becomes(t, order, "confirmed")
	b.clear(t)
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for _, form := range []string{v1Sent, v2Sent} {
			sends := spansOf(tree, "order", form)
			if lack := some(form, sends, 1); lack != "" {
				return lack
			}
			if lack := is(sends[0], "traceria.failure", nil); lack != "" || sends[0].Status == tracetree.StatusError {
				return sends[0].Status + " " + lack
			}
		}
		return some("of the last event", lastOf(tree), 1)
	})
	// For one order: beside it everything goes on.
	order = b.order(t, "order.unroutable")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		sends := refused(tree)
		if len(sends) < 2 {
			return fmt.Sprintf("%d sends to nobody", len(sends))
		}
		return first(is(sends[0], "error.type", "unroutable"), injected(sends[0], failure.OrderUnroutable))
	})
	b.cleanOrder(t)
	b.becomes(t, order, "confirmed")
}

// The order is stored, the process dies before anybody hears of it, and nothing tries again.
func testOrderDualWrite(t *testing.T, b *stage) {
	back := b.dies(t, "order")
	header := http.Header{failure.Header: {"order.dual-write"}, "Idempotency-Key": {fmt.Sprint("dual-write ", time.Now().UnixNano())}}
	if answer, err := b.Client().Do(t.Context(), http.MethodPost, "/order", header, orderclient.OneMargherita("customer-1")); err == nil {
		t.Fatalf("the process that was to die answered %+v", answer)
	}
	back()
	// Who asks again gets the order that is there.
	header.Del(failure.Header)
	order, err := b.Client().Do(t.Context(), http.MethodPost, "/order", header, orderclient.OneMargherita("customer-1"))
	if err != nil {
		t.Fatal(err)
	}
	b.stays(t, order, "created")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		roots := spansOf(tree, "order", "POST /order")
		if lack := first(some("of the request", roots, 1), some("of a send", spansOf(tree, "order", "send "), 0)); lack != "" {
			return lack
		}
		if roots[0].Status != tracetree.StatusError {
			return "the request has the status " + roots[0].Status
		}
		// One transaction with the order and without an outbox row, and it was committed.
		stored := children(tree, roots[0], "INSERT ")
		if len(stored) != 1 || stored[0].Name != "INSERT orders" || stored[0].Status != "" || stored[0].Attributes["traceria.db.commit_ms"] == nil {
			return fmt.Sprintf("the request has not the transaction of an order without an outbox: %v", stored)
		}
		return first(is(roots[0], "error.type", "crash"), injected(roots[0], failure.OrderDualWrite), evaluated(roots[0], failure.OrderDualWrite, "on"))
	})
	b.found(t, failure.OrderDualWrite, order.TraceID)
	b.cleanOrder(t)
	b.becomes(t, order, "created")
}

// The order is taken, and nothing is said of it until the outbox goes on.
func testOutboxStall(t *testing.T, b *stage) {
	b.cleanOrder(t)
	b.set(t, failure.OutboxStall, failure.Setting{})
	order := b.order(t, "")
	b.stays(t, order, "created")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return first(some("of the request", spansOf(tree, "order", "POST /order"), 1), some("of a send", spansOf(tree, "order", "send "), 0))
	})
	b.clear(t)
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		requests, sends, taken := spansOf(tree, "order", "POST /order"), spansOf(tree, "order", "send "), spansOf(tree, "order", "process events:order.order-created")
		if lack := first(some("of the request", requests, 1), some("of OrderCreated", taken, 1), some("of the last event", lastOf(tree), 1)); lack != "" {
			return lack
		}
		if gap := sends[0].Start.Sub(requests[0].End()); gap < acts {
			return fmt.Sprintf("the gap before the first send is %s", gap)
		}
		for _, later := range sends[1:] {
			if lack := is(later, "traceria.failure", nil); lack != "" {
				return lack
			}
		}
		return first(injected(sends[0], failure.OutboxStall), injected(taken[0], failure.OutboxStall))
	})
	b.found(t, failure.OutboxStall, order.TraceID)
	b.cleanOrder(t)
}
