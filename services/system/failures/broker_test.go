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

// The connections are cut: what was not confirmed is sent again, what was not acked comes again, and nothing is lost.
func testBrokerDisconnect(t *testing.T, b *stage) {
	b.cleanOrder(t)
	b.set(t, failure.BrokerDisconnect, failure.Setting{})
	order := b.order(t, "")
	b.becomes(t, order, "delivered")
	tree := b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return first(cutSends(tree), cutWork(tree))
	})
	b.found(t, failure.BrokerDisconnect, order.TraceID)
	// The reconnections belong to no order: each is a trace of its own, which the same search finds.
	b.Await(t, 20*time.Second, "both connections of a service are there again", func() bool {
		for _, purpose := range []string{"publish", "consume"} {
			if !slices.ContainsFunc(b.findings(t, "", map[string]string{string(failure.FailureKey): string(failure.BrokerDisconnect)}), func(s tracetree.Span) bool {
				return s.Name == "reconnect "+purpose && s.ParentID == "" && injected(s, failure.BrokerDisconnect) == ""
			}) {
				return false
			}
		}
		return true
	})
	b.clear(t)
	b.Await(t, 30*time.Second, "the services are ready", b.Ready)
	b.cleanOrder(t)
	if t.Failed() {
		t.Log(tracetree.Shape(tree))
	}
	if left := b.Waiting(t); len(left) > 0 {
		t.Errorf("messages are left: %v", left)
	}
}

// cutSends says what a trace lacks of sends whose outcome nobody knows, and of their repetition.
func cutSends(tree *tracetree.Tree) string {
	unknown := 0
	for _, cut := range tree.Spans() {
		if cut.Status != tracetree.StatusError || !strings.HasPrefix(cut.Name, "send ") {
			continue
		}
		if lack := first(injected(cut, failure.BrokerDisconnect), evaluated(cut, failure.BrokerDisconnect, "on")); lack != "" {
			return lack
		}
		if is(cut, "error.type", "confirm_unknown") == "" {
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

// cutWork says what a trace lacks of work whose ack was cut off, and of the second attempt, which finds the work done
// unless the cut came before it.
func cutWork(tree *tracetree.Tree) string {
	done := 0
	for _, span := range tree.Spans() {
		if !strings.HasPrefix(span.Name, "process ") || span.Attributes["traceria.delivery.attempt"] == int64(1) {
			continue
		}
		if lack := injected(span, failure.BrokerDisconnect); lack != "" {
			return lack
		}
		if span.Attributes["traceria.message.duplicate"] == true {
			done++
		}
	}
	if done == 0 {
		return "no message came again whose work was done"
	}
	if len(lastOf(tree)) == 0 {
		return "the last event is missing"
	}
	return ""
}

// RabbitMQ refuses what a full queue should have as well: the others have their copy, and more with each repetition.
func testBrokerNack(t *testing.T, b *stage) {
	b.set(t, failure.BrokerNack, failure.Setting{})
	order := b.order(t, "")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for _, form := range []string{v1Sent, v2Sent} {
			sends := spansOf(tree, "order", form)
			if len(sends) < 2 {
				return fmt.Sprintf("%d spans %s", len(sends), form)
			}
			for _, send := range sends {
				if lack := first(is(send, "error.type", "nack"), injected(send, failure.BrokerNack), evaluated(send, failure.BrokerNack, "on")); lack != "" || send.Status != tracetree.StatusError {
					return send.Status + " " + lack
				}
			}
		}
		return ""
	})
	b.becomes(t, order, "delivered")
	b.found(t, failure.BrokerNack, order.TraceID)
	b.clear(t)
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for service, form := range confirmedBy {
			sends := spansOf(tree, "order", form)
			last := sends[len(sends)-1]
			if lack := is(last, "traceria.failure", nil); lack != "" || last.Status == tracetree.StatusError {
				return "the last send is not confirmed: " + last.Status + " " + lack
			}
			fresh := 0
			for _, send := range sends {
				taken := children(tree, send, ":"+service+".")
				if lack := some("of "+service+" under each send", taken, 1); lack != "" {
					return lack
				}
				if taken[0].Attributes["traceria.message.duplicate"] != true {
					fresh++
				}
				if lack := injected(taken[0], failure.BrokerNack); send.Status == tracetree.StatusError && lack != "" {
					return lack
				}
			}
			if fresh != 1 {
				return fmt.Sprintf("%s took %d of them for new", service, fresh)
			}
		}
		return ""
	})
	if points, times := b.points(t, "customer-1", order.OrderID); points != 6 || times != 1 {
		t.Errorf("%d points at %d times, want 6 once", points, times)
	}
	b.cleanOrder(t)
}

// RabbitMQ throws the event out of the queues before anybody takes it; the dead letters have it.
func testMessageExpire(t *testing.T, b *stage) {
	order, beside := b.order(t, "message.expire"), b.order(t, "")
	expired := func(n int) {
		t.Helper()
		for service := range confirmedBy {
			b.diesAt(t, service, n)
		}
	}
	expired(1)
	b.isClean(t, beside)
	b.stays(t, order, "confirmed")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for _, form := range []string{v1Sent, v2Sent} {
			sends := spansOf(tree, "order", form)
			if lack := some(form, sends, 1); lack != "" {
				return lack
			}
			if lack := first(injected(sends[0], failure.MessageExpire), evaluated(sends[0], failure.MessageExpire, "on"),
				some("under the send", children(tree, sends[0], ""), 0)); lack != "" || sends[0].Status == tracetree.StatusError {
				return sends[0].Status + " " + lack
			}
		}
		return ""
	})
	b.found(t, failure.MessageExpire, order.TraceID)
	b.says(t, "kitchen.order-confirmed", "expired")
	// Under load, for one customer.
	b.set(t, failure.MessageExpire, failure.Setting{Customer: "customer-6"})
	const many = 20
	var gone, others []orderclient.Order
	for range many {
		gone, others = append(gone, b.orderOf(t, "customer-6", "")), append(others, b.orderOf(t, "customer-7", ""))
	}
	expired(1 + many)
	for _, order := range others {
		b.becomes(t, order, "delivered")
	}
	b.clear(t)
	for service := range confirmedBy {
		b.redrive(t, service+".order-confirmed")
	}
	for _, order := range append(gone, order) {
		b.becomes(t, order, "delivered")
	}
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for service, form := range confirmedBy {
			sends := children(tree, spansOf(tree, "order", form)[0], "send "+service+".retry:"+service+".order-confirmed")
			if lack := some("of the redrive of "+service, sends, 1); lack != "" {
				return lack
			}
			if lack := some("of "+service+" under the redrive", children(tree, sends[0], "process "), 1); lack != "" {
				return lack
			}
		}
		return some("of the last event", lastOf(tree), 1)
	})
	expired(0)
}
