package bench

import (
	"fmt"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// traceWithin is the longest wait for the spans of an order that is delivered.
const traceWithin = 30 * time.Second

// awaitTrace waits until the order's trace is complete.
func (h *house) awaitTrace(t *testing.T, one order) {
	t.Helper()
	h.Await(t, traceWithin, "the last trace is complete", func() bool { return h.fault(t, one) == "" })
}

// addTraces reads every trace. Each may be incomplete for traceWithin after the last order.
func (f *figures) addTraces(t *testing.T, h *house, o *offered) {
	t.Helper()
	deadline := time.Now().Add(traceWithin)
	for _, one := range o.placed {
		wrong := h.fault(t, one)
		for wrong != "" && time.Now().Before(deadline) {
			time.Sleep(100 * time.Millisecond)
			wrong = h.fault(t, one)
		}
		if wrong == "" {
			f.complete++
		} else {
			f.wrong = "trace " + one.TraceID + ": " + wrong
		}
	}
}

// fault says what the trace of an order lacks, or "".
func (h *house) fault(t *testing.T, one order) string {
	t.Helper()
	spans, err := h.Jaeger.Trace(t.Context(), one.TraceID)
	if err != nil {
		return err.Error()
	}
	tree := tracetree.Build(spans)
	if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
		return fmt.Sprintf("%d roots, %d spans without their parent", len(tree.Roots), len(tree.Orphans))
	}
	found := systemtest.Hops(tree)
	for hop := range h.hops {
		if !found[hop] {
			return "without " + hop
		}
	}
	for _, span := range tree.Spans() {
		if span.Attributes[string(telemetry.ConversationKey)] != one.OrderID {
			return span.Name + " is not in the conversation"
		}
	}
	return ""
}
