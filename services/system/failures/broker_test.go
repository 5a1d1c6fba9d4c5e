package failures

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// The connections are cut. Unconfirmed events are sent again, unacked messages are redelivered, and no order is lost.
func testBrokerDisconnect(t *testing.T, st *stage) {
	st.placeCleanOrder(t)
	st.set(t, failure.BrokerDisconnect, failure.Setting{})
	order := st.place(t, "")
	st.awaitStatus(t, order, "delivered")
	tree := st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return firstFault(wantCutSends(tree), wantCutWork(tree))
	})
	st.wantFound(t, failure.BrokerDisconnect, order.TraceID)
	// Each reconnect is a trace of its own, which the same search finds.
	st.Await(t, 20*time.Second, "both connections of a service are open again", func() bool {
		for _, purpose := range []string{"publish", "consume"} {
			if !slices.ContainsFunc(st.find(t, "", map[string]string{string(failure.FailureKey): string(failure.BrokerDisconnect)}), func(s tracetree.Span) bool {
				return s.Name == "reconnect "+purpose && s.ParentID == "" && wantInjected(s, failure.BrokerDisconnect) == ""
			}) {
				return false
			}
		}
		return true
	})
	st.clear(t)
	st.Await(t, 30*time.Second, "the services are ready", st.Ready)
	st.placeCleanOrder(t)
	if t.Failed() {
		t.Log(tracetree.Shape(tree))
	}
	if left := st.Waiting(t); len(left) > 0 {
		t.Errorf("messages are left: %v", left)
	}
}

// wantCutSends checks for sends with an unknown outcome and their repetition.
func wantCutSends(tree *tracetree.Tree) string {
	unknown := 0
	for _, cut := range tree.Spans() {
		if cut.Status != tracetree.StatusError || !strings.HasPrefix(cut.Name, "send ") {
			continue
		}
		if fault := firstFault(wantInjected(cut, failure.BrokerDisconnect), wantEvaluated(cut, failure.BrokerDisconnect, "on")); fault != "" {
			return fault
		}
		if wantAttribute(cut, "error.type", "confirm_unknown") == "" {
			unknown++
		}
		if !slices.ContainsFunc(tree.Spans(), func(again tracetree.Span) bool {
			return again.Name == cut.Name && again.Status != tracetree.StatusError && !again.Start.Before(cut.Start) &&
				again.Attributes["messaging.message.id"] == cut.Attributes["messaging.message.id"]
		}) {
			return cut.Name + " was cut off and not sent again"
		}
	}
	if unknown == 0 {
		return "no send was cut off"
	}
	return ""
}

// wantCutWork checks for handled messages whose ack was lost and for their second attempts, which are duplicates.
func wantCutWork(tree *tracetree.Tree) string {
	done := 0
	for _, span := range tree.Spans() {
		if !strings.HasPrefix(span.Name, "process ") || span.Attributes["traceria.delivery.attempt"] == int64(1) {
			continue
		}
		if fault := wantInjected(span, failure.BrokerDisconnect); fault != "" {
			return fault
		}
		if span.Attributes["traceria.message.duplicate"] == true {
			done++
		}
	}
	if done == 0 {
		return "no redelivered message is a duplicate"
	}
	if len(lastOf(tree)) == 0 {
		return "the last event is missing"
	}
	return ""
}

// A full queue makes RabbitMQ refuse the event. The other queues get a copy with every repetition.
func testBrokerNack(t *testing.T, st *stage) {
	st.set(t, failure.BrokerNack, failure.Setting{})
	order := st.place(t, "")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for _, form := range []string{v1Sent, v2Sent} {
			sends := spansOf(tree, "order", form)
			if len(sends) < 2 {
				return fmt.Sprintf("%d spans %s", len(sends), form)
			}
			for _, send := range sends {
				if fault := firstFault(wantAttribute(send, "error.type", "nack"), wantInjected(send, failure.BrokerNack), wantEvaluated(send, failure.BrokerNack, "on")); fault != "" || send.Status != tracetree.StatusError {
					return send.Status + " " + fault
				}
			}
		}
		return ""
	})
	st.awaitStatus(t, order, "delivered")
	st.wantFound(t, failure.BrokerNack, order.TraceID)
	st.clear(t)
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for service, form := range confirmedBy {
			sends := spansOf(tree, "order", form)
			last := sends[len(sends)-1]
			if fault := wantAttribute(last, "traceria.failure", nil); fault != "" || last.Status == tracetree.StatusError {
				return "the last send is not confirmed: " + last.Status + " " + fault
			}
			fresh := 0
			for _, send := range sends {
				taken := children(tree, send, ":"+service+".")
				if fault := wantSpans("of "+service+" under each send", taken, 1); fault != "" {
					return fault
				}
				if taken[0].Attributes["traceria.message.duplicate"] != true {
					fresh++
				}
				if fault := wantInjected(taken[0], failure.BrokerNack); send.Status == tracetree.StatusError && fault != "" {
					return fault
				}
			}
			if fresh != 1 {
				return fmt.Sprintf("%s handled %d copies as new", service, fresh)
			}
		}
		return ""
	})
	if points, times := st.points(t, "customer-1", order.OrderID); points != 6 || times != 1 {
		t.Errorf("%d points in %d entries, want 6 in 1", points, times)
	}
	st.placeCleanOrder(t)
}

// The event expires in its queues and is dead-lettered before a consumer handles it.
func testMessageExpire(t *testing.T, st *stage) {
	order, other := st.place(t, "message.expire"), st.place(t, "")
	expired := func(n int) {
		t.Helper()
		for service := range confirmedBy {
			st.awaitDeadLetters(t, service, n)
		}
	}
	expired(1)
	st.wantCleanOrder(t, other)
	st.keepsStatus(t, order, "confirmed")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for _, form := range []string{v1Sent, v2Sent} {
			sends := spansOf(tree, "order", form)
			if fault := wantSpans(form, sends, 1); fault != "" {
				return fault
			}
			if fault := firstFault(wantInjected(sends[0], failure.MessageExpire), wantEvaluated(sends[0], failure.MessageExpire, "on"),
				wantSpans("under the send", children(tree, sends[0], ""), 0)); fault != "" || sends[0].Status == tracetree.StatusError {
				return sends[0].Status + " " + fault
			}
		}
		return ""
	})
	st.wantFound(t, failure.MessageExpire, order.TraceID)
	st.wantDeadShow(t, "kitchen.order-confirmed", "expired")
	st.wantGap(t, "message.expire", order)
	// Under load, one customer's orders are affected.
	st.set(t, failure.MessageExpire, failure.Setting{Customer: "customer-6"})
	const many = 20
	var gone, others []orderclient.Order
	for range many {
		gone, others = append(gone, st.placeFor(t, "customer-6", "")), append(others, st.placeFor(t, "customer-7", ""))
	}
	expired(1 + many)
	for _, order := range others {
		st.awaitStatus(t, order, "delivered")
	}
	st.clear(t)
	for service := range confirmedBy {
		st.redrive(t, service+".order-confirmed")
	}
	for _, order := range append(gone, order) {
		st.awaitStatus(t, order, "delivered")
	}
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for service, form := range confirmedBy {
			sends := children(tree, spansOf(tree, "order", form)[0], "send "+service+".retry:"+service+".order-confirmed")
			if fault := wantSpans("of the redrive of "+service, sends, 1); fault != "" {
				return fault
			}
			if fault := wantSpans("of "+service+" under the redrive", children(tree, sends[0], "process "), 1); fault != "" {
				return fault
			}
		}
		return wantSpans("of the last event", lastOf(tree), 1)
	})
	expired(0)
}
