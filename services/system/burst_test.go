package system

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

const burst = 200

// 200 concurrent orders give 200 delivered orders and 200 complete traces.
func TestTwoHundredOrdersAtOnce(t *testing.T) {
	s := systemtest.Up(t)
	want := messages(s.Tree(t, s.Deliver(t).TraceID))
	s.CallCooks(t, 8) // two cooks would take 25 s
	began := time.Now()
	orders, err := s.Client().PlaceAll(t.Context(), burst, "burst", "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range orders {
		last, err := s.Client().Await(t.Context(), orders[i].OrderID)
		if err != nil || last.Status != "delivered" {
			t.Fatalf("order %s is %s: %v", orders[i].OrderID, last.Status, err)
		}
	}
	t.Logf("%d orders were delivered %s after the first was placed", burst, time.Since(began).Round(time.Millisecond))
	spans := 0
	for _, order := range orders {
		tree := s.Tree(t, order.TraceID)
		spans += len(tree.Spans())
		if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
			t.Errorf("trace %s has %d roots and %d orphans", order.TraceID, len(tree.Roots), len(tree.Orphans))
		}
		if got := messages(tree); !maps.Equal(got, want) {
			t.Errorf("trace %s: got %v\nwant %v", order.TraceID, got, want)
		}
		for _, span := range tree.Spans() {
			if span.Attributes[string(telemetry.ConversationKey)] != order.OrderID {
				t.Errorf("trace %s: %s is not in the conversation", order.TraceID, span.Name)
			}
		}
	}
	t.Logf("%d traces with %d spans, each connected", len(orders), spans)
}

// messages counts the spans of a tree except database spans. Under load their number varies, because any handler may be
// the one that completes the order.
func messages(tree *tracetree.Tree) map[string]int {
	counts := map[string]int{}
	for _, span := range tree.Spans() {
		if _, database := span.Attributes["db.system.name"]; !database {
			counts[strings.Join([]string{span.Service, span.Kind, span.Name}, " ")]++
		}
	}
	return counts
}

// With more orders than cooks, the last tickets wait, and their process spans show it.
func TestQueueWaitShowsTheWaitForACook(t *testing.T) {
	s := systemtest.Up(t)
	const tickets = 20 // two cooks need 250 ms for each
	orders, err := s.Client().PlaceAll(t.Context(), tickets, "hungry", "")
	if err != nil {
		t.Fatal(err)
	}
	var waits []int64
	for _, order := range orders {
		if _, err := s.Client().Await(t.Context(), order.OrderID); err != nil {
			t.Fatal(err)
		}
		systemtest.Eventually(t, time.Minute, "the ticket of order "+order.OrderID+" is in its trace", func() bool {
			for _, span := range s.Tree(t, order.TraceID).Spans() {
				if strings.HasPrefix(span.Name, "process kitchen.private:kitchen.ticket-opened") {
					wait, _ := span.Attributes["traceria.queue.wait_ms"].(int64)
					waits = append(waits, wait)
					return true
				}
			}
			return false
		})
	}
	slices.Sort(waits)
	if len(waits) != tickets {
		t.Fatalf("%d of %d tickets have a wait: %v", len(waits), tickets, waits)
	}
	// All tickets take 2.5 s. The gaps between their arrivals hide only part of it.
	if longest := waits[tickets-1]; longest < 500 {
		t.Errorf("%d tickets and two cooks, and the longest wait is %d ms: %v", tickets, longest, waits)
	}
}
