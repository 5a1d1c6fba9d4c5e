package failures

import (
	"testing"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// payloadFailures are the failures of an event's content.
var payloadFailures = map[failure.Key]failureTest{
	failure.EventUnreadable:   testEventUnreadable,
	failure.EventBreaking:     testEventBreaking,
	failure.EventRenamedField: testEventRenamedField,
}

// No consumer can read the body. Each makes one attempt, and its dead letter names the reason.
func testEventUnreadable(t *testing.T, st *stage) {
	order, other := st.place(t, "event.unreadable"), st.place(t, "")
	for service := range confirmedBy {
		st.awaitDeadLetters(t, service, 1)
	}
	st.wantCleanOrder(t, other)
	st.keepsStatus(t, order, "confirmed")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for service, form := range confirmedBy {
			sends := spansOf(tree, "order", form)
			if fault := wantSpans(form, sends, 1); fault != "" {
				return fault
			}
			if fault := firstFault(wantInjected(sends[0], failure.EventUnreadable), wantEvaluated(sends[0], failure.EventUnreadable, "on"),
				wantDeadLetter(tree, sends[0], service, failure.EventUnreadable)); fault != "" {
				return fault
			}
		}
		return ""
	})
	st.wantFound(t, failure.EventUnreadable, order.TraceID)
	st.wantDeadShow(t, "kitchen.order-confirmed", "unreadable")
	st.wantGap(t, "event.unreadable", order)
	// A redrive fails again.
	st.redrive(t, "kitchen.order-confirmed")
	st.awaitDeadLetters(t, "kitchen", 1)
	st.keepsStatus(t, order, "confirmed")
}

// v1 has the shape of v2. Loyalty cannot read it, the kitchen is not affected.
func testEventBreaking(t *testing.T, st *stage) {
	st.set(t, failure.EventBreaking, failure.Setting{Customer: "customer-8"})
	orders := []orderclient.Order{st.placeFor(t, "customer-8", ""), st.place(t, "event.breaking")}
	other := st.placeFor(t, "customer-9", "")
	for _, order := range orders {
		st.awaitStatus(t, order, "delivered")
		st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			v1, v2 := spansOf(tree, "order", v1Sent), spansOf(tree, "order", v2Sent)
			if fault := firstFault(wantSpans(v1Sent, v1, 1), wantSpans(v2Sent, v2, 1), wantSpans("of the last event", lastOf(tree), 1)); fault != "" {
				return fault
			}
			return firstFault(wantInjected(v1[0], failure.EventBreaking), wantEvaluated(v1[0], failure.EventBreaking, "on"), wantAttribute(v2[0], "traceria.failure", nil),
				wantDeadLetter(tree, v1[0], "loyalty", failure.EventBreaking), wantSpans("of points", spansOf(tree, "loyalty", "send events"), 0))
		})
		st.wantFound(t, failure.EventBreaking, order.TraceID)
		st.wantGap(t, "event.breaking", order)
	}
	st.awaitDeadLetters(t, "loyalty", len(orders))
	st.wantDeadShow(t, "loyalty.order-confirmed", "orderValue")
	st.wantCleanOrder(t, other)
	if _, times := st.points(t, "customer-8", orders[0].OrderID); times != 0 {
		t.Error("loyalty recorded points for an unreadable event")
	}
}

// No span has an error, and the customer gets no points.
func testEventRenamedField(t *testing.T, st *stage) {
	order, other := st.place(t, "event.renamed-field"), st.place(t, "")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		v1, taken := spansOf(tree, "order", v1Sent), spansOf(tree, "loyalty", confirmationTaken)
		if fault := firstFault(wantSpans(v1Sent, v1, 1), wantSpans("of loyalty", taken, 1), wantSpans("of the last event", lastOf(tree), 1)); fault != "" {
			return fault
		}
		for _, span := range tree.Spans() {
			if span.Status == tracetree.StatusError || span.Attributes["error.type"] != nil {
				return span.Name + " is an error"
			}
		}
		return firstFault(wantInjected(v1[0], failure.EventRenamedField), wantEvaluated(v1[0], failure.EventRenamedField, "on"), wantInjected(taken[0], failure.EventRenamedField),
			wantAttribute(taken[0], "traceria.loyalty.points", int64(0)), wantAttribute(taken[0], "traceria.message.settled", "ack"))
	})
	st.wantFound(t, failure.EventRenamedField, order.TraceID)
	st.wantCleanOrder(t, other)
	st.trace(t, other.TraceID, func(tree *tracetree.Tree) string {
		return wantAttribute(spansOf(tree, "loyalty", confirmationTaken)[0], "traceria.loyalty.points", int64(6))
	})
	if points, times := st.points(t, "customer-1", order.OrderID); points != 0 || times != 1 {
		t.Errorf("%d points in %d entries, want 0 in 1", points, times)
	}
}
