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

// 200 orders at once give 200 delivered orders and 200 connected traces with no span missing.
func TestTwoHundredOrdersAtOnce(t *testing.T) {
	s := systemtest.Up(t)
	want := messages(s.Tree(t, s.Deliver(t).TraceID))
	s.CallCooks(t, 8) // with the two of every day it would take 25 s
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

// messages counts the spans of a tree that are not database calls. Which handler finds the last piece of an
// order, and so makes a call more or less, is a matter of luck in a crowd; what is sent and processed is not.
func messages(tree *tracetree.Tree) map[string]int {
	counts := map[string]int{}
	for _, span := range tree.Spans() {
		if _, database := span.Attributes["db.system.name"]; !database {
			counts[strings.Join([]string{span.Service, span.Kind, span.Name}, " ")]++
		}
	}
	return counts
}

// A trace says how long a ticket waited for a cook: with more orders than cooks, the last tickets wait.
func TestTheWaitForACookIsSeen(t *testing.T) {
	s := systemtest.Up(t)
	const tickets = 20 // and two cooks, a quarter of a second for each
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
	// They take two and a half seconds in all; that they also came one after the other cannot hide more than a part of it.
	if longest := waits[tickets-1]; longest < 500 {
		t.Errorf("%d tickets and two cooks, and the longest wait is %d ms: %v", tickets, longest, waits)
	}
}
