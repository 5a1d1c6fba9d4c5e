package failures

import (
	"fmt"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// traceFailures are those of the trace itself.
var traceFailures = map[failure.Key]failureTest{
	failure.TraceDropHeaders:         testTraceDropHeaders,
	failure.TraceDropContext:         func(t *testing.T, b *stage) { testTraceEnds(t, b, failure.TraceDropContext) },
	failure.TraceMalformed:           func(t *testing.T, b *stage) { testTraceEnds(t, b, failure.TraceMalformed) },
	failure.TraceStaleParent:         testTraceStaleParent,
	failure.TraceLostSampling:        testTraceLostSampling,
	failure.TraceClockSkew:           testTraceClockSkew,
	failure.TraceUninstrumentedError: testTraceUninstrumentedError,
	failure.TraceMode:                testTraceMode,
	failure.TraceDatabase:            testTraceDatabase,
}

const (
	// aConfirmation is in the name of a send span of OrderConfirmed, and kitchenConfirmed of what the kitchen makes of it.
	aConfirmation    = "send events:order.order-confirmed."
	kitchenConfirmed = "process events:order.order-confirmed.v2:kitchen"
	lastEvent        = "process events:delivery.order-delivered"
)

// sentWith says that both forms of OrderConfirmed were sent with the failure: "" when they were.
func sentWith(tree *tracetree.Tree, key failure.Key) string {
	sends := spansOf(tree, "order", aConfirmation)
	lack := some(aConfirmation, sends, 2)
	for _, send := range sends {
		lack = first(lack, injected(send, key), evaluated(send, key, "on"))
	}
	return lack
}

// Without headers the trace is whole all the same: the metadata have the context.
func testTraceDropHeaders(t *testing.T, b *stage) {
	order := b.order(t, "trace.drop-headers")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		taken := spansOf(tree, "kitchen", kitchenConfirmed)
		if lack := first(sentWith(tree, failure.TraceDropHeaders), some(kitchenConfirmed, taken, 1), some(lastEvent, lastOf(tree), 1)); lack != "" {
			return lack
		}
		if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
			return fmt.Sprintf("%d roots, %d orphans", len(tree.Roots), len(tree.Orphans))
		}
		return injected(taken[0], failure.TraceDropHeaders)
	})
}

// The trace ends at the send, and each consumer begins another; the conversation has them all.
func testTraceEnds(t *testing.T, b *stage, key failure.Key) {
	order := b.order(t, string(key))
	b.becomes(t, order, "delivered")
	whole := b.conversation(t, order.OrderID, func(tree *tracetree.Tree) string {
		taken := spansOf(tree, "kitchen", kitchenConfirmed)
		if lack := first(sentWith(tree, key), some(kitchenConfirmed, taken, 1), some(lastEvent, lastOf(tree), 1)); lack != "" {
			return lack
		}
		for _, service := range []string{"kitchen", "delivery", "loyalty"} {
			begun := spansOf(tree, service, "process events:order.order-confirmed.")
			if lack := some("of OrderConfirmed at "+service, begun, 1); lack != "" {
				return lack
			}
			if begun[0].TraceID == order.TraceID || begun[0].ParentID != "" {
				return begun[0].Name + " does not begin a trace"
			}
			if lack := injected(begun[0], key); lack != "" {
				return lack
			}
		}
		return ""
	})
	traces := map[string]bool{}
	for _, span := range whole.Spans() {
		traces[span.TraceID] = true
	}
	if len(traces) != 4 { // the order's own, and one for each consumer
		t.Errorf("the conversation is told in %d traces, want 4", len(traces))
	}
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string { return some("of the kitchen", spansOf(tree, "kitchen", ""), 0) })
	b.cleanOrder(t)
}

// The spans of one order hang in the trace of the one before.
func testTraceStaleParent(t *testing.T, b *stage) {
	earlier := b.cleanOrder(t)
	order := b.order(t, "trace.stale-parent")
	b.becomes(t, order, "delivered")
	b.trace(t, earlier.TraceID, func(tree *tracetree.Tree) string {
		for _, span := range spansOf(tree, "kitchen", kitchenConfirmed) {
			if span.Attributes["traceria.conversation"] == order.OrderID {
				return injected(span, failure.TraceStaleParent)
			}
		}
		return "no span of the later order"
	})
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return first(sentWith(tree, failure.TraceStaleParent), some("of the kitchen", spansOf(tree, "kitchen", ""), 0))
	})
	b.cleanOrder(t)
}

// Who is told that a trace is not sampled makes no spans.
func testTraceLostSampling(t *testing.T, b *stage) {
	order := b.order(t, "trace.lost-sampling")
	b.becomes(t, order, "delivered")
	time.Sleep(2 * acts) // what was made is exported
	b.conversation(t, order.OrderID, func(tree *tracetree.Tree) string {
		return first(sentWith(tree, failure.TraceLostSampling), some("of the kitchen", spansOf(tree, "kitchen", ""), 0),
			some("of delivery", spansOf(tree, "delivery", ""), 0), some("of loyalty", spansOf(tree, "loyalty", ""), 0))
	})
	b.cleanOrder(t)
}

// A span begins minutes before its parent, or after it; the order of parent and child stays.
func testTraceClockSkew(t *testing.T, b *stage) {
	for variant, wanted := range map[string]time.Duration{"behind": -5 * time.Minute, "ahead": 5 * time.Minute} {
		order := b.order(t, "trace.clock-skew="+variant)
		b.becomes(t, order, "delivered")
		b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends, cooked := spansOf(tree, "kitchen", "send kitchen.private:"), tickets(tree)
			if lack := first(some("of the ticket's send", sends, 1), some(aTicket, cooked, 1)); lack != "" {
				return lack
			}
			if cooked[0].ParentID != sends[0].SpanID {
				return "the ticket is not a child of its send"
			}
			if off := cooked[0].Start.Sub(sends[0].Start) - wanted; off.Abs() > 10*time.Second {
				return fmt.Sprintf("the ticket begins %s after its send", cooked[0].Start.Sub(sends[0].Start))
			}
			if cooked[0].Duration > 10*time.Second {
				return fmt.Sprintf("it took %s", cooked[0].Duration)
			}
			for _, below := range children(tree, cooked[0], "") {
				if off := below.Start.Sub(cooked[0].Start); below.Service == "kitchen" && below.Kind == tracetree.KindClient && off.Abs() > 10*time.Second {
					return fmt.Sprintf("%s has another clock than its parent: %s", below.Name, off)
				}
			}
			return first(injected(cooked[0], failure.TraceClockSkew), evaluated(cooked[0], failure.TraceClockSkew, variant))
		})
	}
}

// A green span, under which is nothing.
func testTraceUninstrumentedError(t *testing.T, b *stage) {
	order := b.order(t, "trace.uninstrumented-error")
	b.stays(t, order, "confirmed")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		worked := tickets(tree)
		if lack := some(aTicket, worked, 1); lack != "" {
			return lack
		}
		if worked[0].Status == tracetree.StatusError || worked[0].Attributes["traceria.message.settled"] != "ack" {
			return fmt.Sprintf("status %q, settled %v", worked[0].Status, worked[0].Attributes["traceria.message.settled"])
		}
		return first(some("sent under it", children(tree, worked[0], "send "), 0),
			injected(worked[0], failure.TraceUninstrumentedError), evaluated(worked[0], failure.TraceUninstrumentedError, "on"))
	})
	if n := b.dead(t, "kitchen.ticket-opened"); n != 0 {
		t.Errorf("%d dead letters", n)
	}
	b.cleanOrder(t)
}

// The same order in the three modes: one trace, a trace per hop with links, and traces that only the conversation holds
// together.
func testTraceMode(t *testing.T, b *stage) {
	for _, mode := range []string{"parent", "link", "none"} {
		b.set(t, failure.TraceMode, failure.Setting{Variant: mode})
		order := b.order(t, "")
		b.becomes(t, order, "delivered")
		b.conversation(t, order.OrderID, func(tree *tracetree.Tree) string {
			taken := spansOf(tree, "kitchen", kitchenConfirmed)
			if lack := first(some(lastEvent, lastOf(tree), 1), whole(tree), some(kitchenConfirmed, taken, 1),
				some("of the points", spansOf(tree, "order", "process events:loyalty.loyalty-points-earned"), 1)); lack != "" {
				return lack
			}
			if mode == "parent" {
				return ""
			}
			return evaluated(taken[0], failure.TraceMode, mode)
		})
		systemtest.CompareGolden(t, "trace-mode-"+mode+".tree", b.conversationAtRest(t, order.OrderID))
	}
}

// The same order with a span for each statement, with no database spans, and with one for each transaction: for everyone,
// and for one order only.
func testTraceDatabase(t *testing.T, b *stage) {
	for _, variant := range []string{"statements", "off"} {
		b.set(t, failure.TraceDatabase, failure.Setting{Variant: variant})
		tree := b.told(t, func(tree *tracetree.Tree) string { return databaseSpansAre(tree, variant) })
		systemtest.CompareGolden(t, "trace-database-"+variant+".tree", tree)
		b.clear(t)
		order := b.order(t, "trace.database="+variant)
		b.becomes(t, order, "delivered")
		b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			return first(some(lastEvent, lastOf(tree), 1), whole(tree), databaseSpansAre(tree, variant))
		})
	}
	systemtest.MatchGolden(t, systemtest.HappyPath, b.told(t, func(tree *tracetree.Tree) string {
		return databaseSpansAre(tree, "transactions")
	}))
}

// databaseSpansAre says which database spans a tree has that it should not have, or lacks: "" when it is right.
func databaseSpansAre(tree *tracetree.Tree, variant string) string {
	var transactions, statements int
	for _, span := range tree.Spans() {
		switch {
		case span.Attributes["db.system.name"] == nil:
		case span.Attributes["traceria.db.statements"] != nil:
			transactions++
		default:
			statements++
		}
	}
	right := map[string]bool{
		"transactions": transactions >= 10 && statements < 5, // a read outside a transaction is a span of its own
		"statements":   transactions == 0 && statements >= 50,
		"off":          transactions == 0 && statements == 0,
	}
	if !right[variant] {
		return fmt.Sprintf("%s: %d spans of transactions and %d of statements", variant, transactions, statements)
	}
	for _, taken := range spansOf(tree, "kitchen", kitchenConfirmed) {
		if lack := evaluated(taken, failure.TraceDatabase, variant); variant != "transactions" && lack != "" {
			return lack
		}
	}
	return ""
}
