package sampling

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// count says what a Jaeger has of some conversations.
type count struct{ whole, fragments, absent int }

func (c count) all() int { return c.whole + c.fragments + c.absent }

// tell compares what a Jaeger has of the orders with all their spans.
func tell(orders []order, everything, has kept) (c count) {
	for _, o := range orders {
		switch {
		case len(has[o.id]) == 0:
			c.absent++
		case whole(everything[o.id], has[o.id]):
			c.whole++
		default:
			c.fragments++
		}
	}
	return c
}

func whole(everything, has map[string]tracetree.Span) bool {
	for key := range everything {
		if _, found := has[key]; !found {
			return false
		}
	}
	return true
}

// Each order with a reason is whole, in both trace modes, on one machine and on four. No order is a fragment. Sampling by trace
// keeps fragments in link mode.
func TestSampledConversationsAreWhole(t *testing.T) {
	h := open(t)
	placed := h.place(t)
	last := h.placeSome(t, 1, order{mode: "link"}, "kitchen.error=once, trace.mode=link, trace.database=off")[0]
	if _, err := h.Client().Await(t.Context(), last.id); err != nil {
		t.Fatal(err)
	}
	everything := h.readEverything(t, append(placed, last))
	// The last order is decided last.
	h.await(t, h.conversation, last, len(everything[last.id]))
	h.await(t, h.tiers, last, len(everything[last.id]))
	h.await(t, h.trace, last, withReason(everything[last.id]))
	ways := map[string]kept{
		"by conversation": read(t, h.conversation, h.since), "two tiers": read(t, h.tiers, h.since), "by trace": read(t, h.trace, h.since),
	}
	for _, mode := range []string{"parent", "link"} {
		ofMode := slices.DeleteFunc(slices.Clone(placed), func(o order) bool { return o.mode != mode })
		reasoned := slices.DeleteFunc(slices.Clone(ofMode), func(o order) bool { return o.failure == "" })
		dull := slices.DeleteFunc(slices.Clone(ofMode), func(o order) bool { return o.failure != "" })
		for _, way := range slices.Sorted(maps.Keys(ways)) {
			reason, rest := tell(reasoned, everything, ways[way]), tell(dull, everything, ways[way])
			t.Logf("%s mode, %s: %d of %d orders with a reason whole, %d fragments; of %d others %d whole, %d fragments",
				mode, way, reason.whole, reason.all(), reason.fragments, rest.all(), rest.whole, rest.fragments)
			checkCounts(t, mode, way, reason, rest)
		}
	}
	comparePage(t, everything[last.id], ways["by trace"][last.id], ways["by conversation"][last.id])
}

// await waits until the Jaeger has so many spans of the order.
func (h *house) await(t *testing.T, from *tracetree.Jaeger, o order, spans int) {
	t.Helper()
	systemtest.Eventually(t, time.Minute, fmt.Sprintf("the order %s has %d spans", o.id, spans), func() bool {
		found, err := from.Conversation(t.Context(), o.id)
		return err == nil && len(found) >= spans
	})
}

// withReason counts the spans in the traces that have a reason of their own.
func withReason(all map[string]tracetree.Span) (n int) {
	traces := map[tracetree.TraceID]bool{}
	for _, span := range all {
		attempt, _ := span.Attributes["traceria.delivery.attempt"].(int64)
		traces[span.TraceID] = traces[span.TraceID] || attempt > 1 || span.Status == tracetree.StatusError
	}
	for _, span := range all {
		if traces[span.TraceID] {
			n++
		}
	}
	return n
}

func checkCounts(t *testing.T, mode, way string, reason, rest count) {
	t.Helper()
	if way == "by trace" && mode == "link" {
		if reason.fragments == 0 {
			t.Error("sampling by trace keeps no fragments in link mode: the comparison compares nothing")
		}
		return
	}
	if reason.whole != reason.all() {
		t.Errorf("%s mode, %s: %d of %d orders with a reason are whole", mode, way, reason.whole, reason.all())
	}
	if rest.fragments > 0 {
		t.Errorf("%s mode, %s: %d of %d other orders are fragments", mode, way, rest.fragments, rest.all())
	}
	if rest.whole == rest.all() {
		t.Errorf("%s mode, %s: all %d other orders were kept: nothing was sampled", mode, way, rest.all())
	}
}

// readEverything reads all spans of the orders until no more arrive.
func (h *house) readEverything(t *testing.T, orders []order) (all kept) {
	t.Helper()
	h.Await(t, time.Minute, "every span has arrived", func() bool {
		all = read(t, h.everything, h.since)
		return complete(orders, all)
	})
	return all
}

// complete reports whether no span is missing: each trace has its parents, each order its request, and each delivered order the
// same hops. In link mode a trace that is missing leaves no orphan behind.
func complete(orders []order, all kept) bool {
	every := map[string]bool{}
	delivered := map[string]int{}
	for _, o := range orders {
		spans := slices.Collect(maps.Values(all[o.id]))
		tree := tracetree.Build(spans)
		if len(tree.Orphans) > 0 || !tracetree.Quiet(spans) || !slices.ContainsFunc(spans, isRequest) {
			return false
		}
		if o.failure != poison {
			hops := systemtest.Hops(tree)
			delivered[o.id] = len(hops)
			maps.Copy(every, hops)
		}
	}
	for _, hops := range delivered {
		if hops < len(every) {
			return false
		}
	}
	return true
}

func isRequest(span tracetree.Span) bool { return span.Kind == tracetree.KindServer }
