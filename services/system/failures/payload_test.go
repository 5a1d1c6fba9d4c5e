package failures

import (
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// payloadFailures are those of what an event says.
var payloadFailures = map[failure.Key]failureTest{
	failure.EventUnreadable:   testEventUnreadable,
	failure.EventBreaking:     testEventBreaking,
	failure.EventRenamedField: testEventRenamedField,
}

// Nobody can read the body: one attempt each, and a dead letter that says why.
func testEventUnreadable(t *testing.T, b *stage) {
	order, beside := b.order(t, "event.unreadable"), b.order(t, "")
	for service := range confirmedBy {
		b.diesAt(t, service, 1)
	}
	b.isClean(t, beside)
	b.stays(t, order, "confirmed")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		for service, form := range confirmedBy {
			sends := spansOf(tree, "order", form)
			if lack := some(form, sends, 1); lack != "" {
				return lack
			}
			if lack := first(injected(sends[0], failure.EventUnreadable), evaluated(sends[0], failure.EventUnreadable, "on"),
				buried(tree, sends[0], service, failure.EventUnreadable)); lack != "" {
				return lack
			}
		}
		return ""
	})
	b.found(t, failure.EventUnreadable, order.TraceID)
	b.says(t, "kitchen.order-confirmed", "unreadable")
	// No repetition makes it readable.
	b.redrive(t, "kitchen.order-confirmed")
	b.diesAt(t, "kitchen", 1)
	b.stays(t, order, "confirmed")
}

// v2's shape under v1: loyalty cannot read it, and the kitchen does not care.
func testEventBreaking(t *testing.T, b *stage) {
	b.set(t, failure.EventBreaking, failure.Setting{Customer: "customer-8"})
	orders := []orderclient.Order{b.orderOf(t, "customer-8", ""), b.order(t, "event.breaking")}
	beside := b.orderOf(t, "customer-9", "")
	for _, order := range orders {
		b.becomes(t, order, "delivered")
		b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			v1, v2 := spansOf(tree, "order", v1Sent), spansOf(tree, "order", v2Sent)
			if lack := first(some(v1Sent, v1, 1), some(v2Sent, v2, 1), some("of the last event", lastOf(tree), 1)); lack != "" {
				return lack
			}
			return first(injected(v1[0], failure.EventBreaking), evaluated(v1[0], failure.EventBreaking, "on"), is(v2[0], "traceria.failure", nil),
				buried(tree, v1[0], "loyalty", failure.EventBreaking), some("of points", spansOf(tree, "loyalty", "send events"), 0))
		})
		b.found(t, failure.EventBreaking, order.TraceID)
	}
	b.diesAt(t, "loyalty", len(orders))
	b.says(t, "loyalty.order-confirmed", "orderValue")
	b.isClean(t, beside)
	if _, times := b.points(t, "customer-8", orders[0].OrderID); times != 0 {
		t.Error("loyalty has points for what it could not read")
	}
}

// All is green, and the customer has no points.
func testEventRenamedField(t *testing.T, b *stage) {
	order, beside := b.order(t, "event.renamed-field"), b.order(t, "")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		v1, taken := spansOf(tree, "order", v1Sent), spansOf(tree, "loyalty", confirmationTaken)
		if lack := first(some(v1Sent, v1, 1), some("of loyalty", taken, 1), some("of the last event", lastOf(tree), 1)); lack != "" {
			return lack
		}
		for _, span := range tree.Spans() {
			if span.Status == tracetree.StatusError || span.Attributes["error.type"] != nil {
				return span.Name + " is not green"
			}
		}
		return first(injected(v1[0], failure.EventRenamedField), evaluated(v1[0], failure.EventRenamedField, "on"), injected(taken[0], failure.EventRenamedField),
			is(taken[0], "traceria.loyalty.points", int64(0)), is(taken[0], "traceria.message.settled", "ack"))
	})
	b.found(t, failure.EventRenamedField, order.TraceID)
	b.isClean(t, beside)
	b.trace(t, beside.TraceID, func(tree *tracetree.Tree) string {
		return is(spansOf(tree, "loyalty", confirmationTaken)[0], "traceria.loyalty.points", int64(6))
	})
	if points, times := b.points(t, "customer-1", order.OrderID); points != 0 || times != 1 {
		t.Errorf("%d points at %d times, want none, once", points, times)
	}
}

// buried says what the one attempt of a service at what was sent lacks, that went to the dead letters.
func buried(tree *tracetree.Tree, send tracetree.Span, service string, key failure.Key) string {
	attempts := children(tree, send, ":"+service+".order-confirmed")
	if lack := some("of "+service, attempts, 1); lack != "" {
		return lack
	}
	if attempts[0].Status != tracetree.StatusError {
		return attempts[0].Name + " has the status " + attempts[0].Status
	}
	letters := children(tree, attempts[0], "")
	if lack := some("under the attempt", letters, 1); lack != "" {
		return lack
	}
	if !strings.HasPrefix(letters[0].Name, "send "+service+".dead:") {
		return letters[0].Name + " is not the way to the dead letters"
	}
	return first(injected(attempts[0], key), is(attempts[0], "traceria.message.settled", "dead"), is(attempts[0], "traceria.delivery.attempt", int64(1)))
}

// diesAt waits until the service's subscription to OrderConfirmed has so many dead letters.
func (b *stage) diesAt(t *testing.T, service string, letters int) {
	t.Helper()
	queue := service + ".order-confirmed"
	b.Await(t, 20*time.Second, "the dead letters of "+queue, func() bool { return b.dead(t, queue) == letters })
}

// says looks for a text in what `traceria dead show` says of the subscription's letters.
func (b *stage) says(t *testing.T, subscription, want string) {
	t.Helper()
	out, err := b.TraceriaWith(append(b.Environment(t, "order"), b.As(t, "operator")...), "dead", "show", subscription)
	if err != nil || !strings.Contains(out, want) {
		t.Errorf("dead show %s has no %q: %v\n%s", subscription, want, err, out)
	}
}
