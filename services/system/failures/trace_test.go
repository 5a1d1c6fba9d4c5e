package failures

import (
	"fmt"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// traceFailures are the failures of the trace itself.
var traceFailures = map[failure.Key]failureTest{
	failure.TraceDropHeaders:         testTraceDropHeaders,
	failure.TraceDropContext:         func(t *testing.T, st *stage) { testTraceEnds(t, st, failure.TraceDropContext) },
	failure.TraceMalformed:           func(t *testing.T, st *stage) { testTraceEnds(t, st, failure.TraceMalformed) },
	failure.TraceStaleParent:         testTraceStaleParent,
	failure.TraceLostSampling:        testTraceLostSampling,
	failure.TraceClockSkew:           testTraceClockSkew,
	failure.TraceUninstrumentedError: testTraceUninstrumentedError,
	failure.TraceMode:                testTraceMode,
	failure.TraceDatabase:            testTraceDatabase,
}

// wantSentWith checks that both forms of OrderConfirmed were sent with the failure.
func wantSentWith(tree *tracetree.Tree, key failure.Key) string {
	sends := spansOf(tree, "order", confirmationSent)
	fault := wantSpans(confirmationSent, sends, 2)
	for _, send := range sends {
		fault = firstFault(fault, wantInjected(send, key), wantEvaluated(send, key, "on"))
	}
	return fault
}

// Without headers the trace is complete, because the metadata have the context.
func testTraceDropHeaders(t *testing.T, st *stage) {
	order := st.place(t, "trace.drop-headers")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		taken := spansOf(tree, "kitchen", kitchenConfirmed)
		if fault := firstFault(wantSentWith(tree, failure.TraceDropHeaders), wantSpans(kitchenConfirmed, taken, 1), wantSpans(lastEvent, lastOf(tree), 1)); fault != "" {
			return fault
		}
		if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
			return fmt.Sprintf("%d roots, %d orphans", len(tree.Roots), len(tree.Orphans))
		}
		return wantInjected(taken[0], failure.TraceDropHeaders)
	})
}

// The trace ends at the send, and each consumer starts a new one. The conversation has all of them.
func testTraceEnds(t *testing.T, st *stage, key failure.Key) {
	order := st.place(t, string(key))
	st.awaitStatus(t, order, "delivered")
	all := st.conversation(t, order.OrderID, func(tree *tracetree.Tree) string {
		taken := spansOf(tree, "kitchen", kitchenConfirmed)
		if fault := firstFault(wantSentWith(tree, key), wantSpans(kitchenConfirmed, taken, 1), wantSpans(lastEvent, lastOf(tree), 1)); fault != "" {
			return fault
		}
		for _, service := range []string{"kitchen", "delivery", "loyalty"} {
			begun := spansOf(tree, service, "process events:order.order-confirmed.")
			if fault := wantSpans("of OrderConfirmed at "+service, begun, 1); fault != "" {
				return fault
			}
			if begun[0].TraceID == order.TraceID || begun[0].ParentID != "" {
				return begun[0].Name + " does not start a trace"
			}
			if fault := wantInjected(begun[0], key); fault != "" {
				return fault
			}
		}
		return ""
	})
	traces := map[string]bool{}
	for _, span := range all.Spans() {
		traces[span.TraceID] = true
	}
	if len(traces) != 4 { // the order's own and one per consumer
		t.Errorf("the conversation has %d traces, want 4", len(traces))
	}
	st.wantWhole(t, order)
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string { return wantSpans("of the kitchen", spansOf(tree, "kitchen", ""), 0) })
	st.placeCleanOrder(t)
}

// The spans of one order are in the trace of the previous one.
func testTraceStaleParent(t *testing.T, st *stage) {
	earlier := st.placeCleanOrder(t)
	order := st.place(t, "trace.stale-parent")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, earlier.TraceID, func(tree *tracetree.Tree) string {
		for _, span := range spansOf(tree, "kitchen", kitchenConfirmed) {
			if span.Attributes["traceria.conversation"] == order.OrderID {
				return wantInjected(span, failure.TraceStaleParent)
			}
		}
		return "no span of the later order"
	})
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return firstFault(wantSentWith(tree, failure.TraceStaleParent), wantSpans("of the kitchen", spansOf(tree, "kitchen", ""), 0))
	})
	st.placeCleanOrder(t)
}

// A consumer records no spans for a trace that is not sampled.
func testTraceLostSampling(t *testing.T, st *stage) {
	order := st.place(t, "trace.lost-sampling")
	st.awaitStatus(t, order, "delivered")
	time.Sleep(2 * actTime) // all recorded spans are exported
	st.conversation(t, order.OrderID, func(tree *tracetree.Tree) string {
		return firstFault(wantSentWith(tree, failure.TraceLostSampling), wantSpans("of the kitchen", spansOf(tree, "kitchen", ""), 0),
			wantSpans("of delivery", spansOf(tree, "delivery", ""), 0), wantSpans("of loyalty", spansOf(tree, "loyalty", ""), 0))
	})
	st.wantGap(t, "trace.lost-sampling", order)
	st.placeCleanOrder(t)
}

// A span begins minutes before or after its parent, and their relation stays.
func testTraceClockSkew(t *testing.T, st *stage) {
	for variant, wanted := range map[string]time.Duration{"behind": -5 * time.Minute, "ahead": 5 * time.Minute} {
		order := st.place(t, "trace.clock-skew="+variant)
		st.awaitStatus(t, order, "delivered")
		st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			sends, cooked := spansOf(tree, "kitchen", "send kitchen.private:"), tickets(tree)
			if fault := firstFault(wantSpans("of the ticket's send", sends, 1), wantSpans(aTicket, cooked, 1)); fault != "" {
				return fault
			}
			if cooked[0].ParentID != sends[0].SpanID {
				return "the ticket is not a child of its send"
			}
			if off := cooked[0].Start.Sub(sends[0].Start) - wanted; off.Abs() > 10*time.Second {
				return fmt.Sprintf("the ticket begins %s after its send", cooked[0].Start.Sub(sends[0].Start))
			}
			if cooked[0].Duration > 10*time.Second {
				return fmt.Sprintf("the ticket took %s", cooked[0].Duration)
			}
			for _, below := range children(tree, cooked[0], "") {
				if off := below.Start.Sub(cooked[0].Start); below.Service == "kitchen" && below.Kind == tracetree.KindClient && off.Abs() > 10*time.Second {
					return fmt.Sprintf("%s is offset from its parent by %s", below.Name, off)
				}
			}
			return firstFault(wantInjected(cooked[0], failure.TraceClockSkew), wantEvaluated(cooked[0], failure.TraceClockSkew, variant))
		})
	}
}

// The process span has no error and no children that send.
func testTraceUninstrumentedError(t *testing.T, st *stage) {
	order := st.place(t, "trace.uninstrumented-error")
	st.keepsStatus(t, order, "confirmed")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		worked := tickets(tree)
		if fault := wantSpans(aTicket, worked, 1); fault != "" {
			return fault
		}
		if worked[0].Status == tracetree.StatusError || worked[0].Attributes["traceria.message.settled"] != "ack" {
			return fmt.Sprintf("status %q, settled %v", worked[0].Status, worked[0].Attributes["traceria.message.settled"])
		}
		return firstFault(wantSpans("sent under it", children(tree, worked[0], "send "), 0),
			wantInjected(worked[0], failure.TraceUninstrumentedError), wantEvaluated(worked[0], failure.TraceUninstrumentedError, "on"))
	})
	st.wantGap(t, "trace.uninstrumented-error", order)
	if n := st.deadLetters(t, "kitchen.ticket-opened"); n != 0 {
		t.Errorf("%d dead letters", n)
	}
	st.placeCleanOrder(t)
}

// The three modes give one trace, a trace per hop with links, and traces that share only the conversation.
func testTraceMode(t *testing.T, st *stage) {
	for _, mode := range []string{"parent", "link", "none"} {
		st.set(t, failure.TraceMode, failure.Setting{Variant: mode})
		order := st.place(t, "")
		st.awaitStatus(t, order, "delivered")
		st.conversation(t, order.OrderID, func(tree *tracetree.Tree) string {
			taken := spansOf(tree, "kitchen", kitchenConfirmed)
			if fault := firstFault(wantSpans(lastEvent, lastOf(tree), 1), wantComplete(tree), wantSpans(kitchenConfirmed, taken, 1),
				wantSpans("of the points", spansOf(tree, "order", "process events:loyalty.loyalty-points-earned"), 1)); fault != "" {
				return fault
			}
			if mode == "parent" {
				return ""
			}
			return wantEvaluated(taken[0], failure.TraceMode, mode)
		})
		systemtest.CompareGolden(t, "trace-mode-"+mode+".tree", st.conversationAtRest(t, order.OrderID))
	}
}

// The variants give a span for each statement, no database spans, or a span for each transaction. They hold for everyone or for
// one order.
func testTraceDatabase(t *testing.T, st *stage) {
	for _, variant := range []string{"statements", "off"} {
		st.set(t, failure.TraceDatabase, failure.Setting{Variant: variant})
		tree := st.completeTree(t, func(tree *tracetree.Tree) string { return databaseSpansAre(tree, variant) })
		systemtest.CompareGolden(t, "trace-database-"+variant+".tree", tree)
		st.clear(t)
		order := st.place(t, "trace.database="+variant)
		st.awaitStatus(t, order, "delivered")
		st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			return firstFault(wantSpans(lastEvent, lastOf(tree), 1), wantComplete(tree), databaseSpansAre(tree, variant))
		})
	}
	systemtest.MatchGolden(t, systemtest.HappyPath, st.completeTree(t, func(tree *tracetree.Tree) string {
		return databaseSpansAre(tree, "transactions")
	}))
}

// databaseSpansAre says which database spans a tree has that it should not have, or faults: "" when it is right.
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
		if fault := wantEvaluated(taken, failure.TraceDatabase, variant); variant != "transactions" && fault != "" {
			return fault
		}
	}
	return ""
}
