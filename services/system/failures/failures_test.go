package failures

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

// failureTest switches a failure on, drives orders through services that are processes of their own, and reads from Jaeger
// the trace that it must produce, and from the services what became of the orders.
type failureTest = func(t *testing.T, b *stage)

// failureTests are the tests of all groups.
func failureTests() map[failure.Key]failureTest {
	all := map[failure.Key]failureTest{}
	for _, group := range []map[failure.Key]failureTest{consumerFailures, publisherFailures, payloadFailures, traceFailures, edgeFailures, overflowFailures, experiments} {
		maps.Copy(all, group)
	}
	return all
}

// experimentTests are elsewhere: the experiments change how the whole system works.
var experimentTests = map[failure.Key]string{}

func TestFailures(t *testing.T) {
	b := newStage(t)
	for _, entry := range failure.Catalogue() {
		if test := failureTests()[entry.Key]; test != nil {
			t.Run(string(entry.Key), func(t *testing.T) {
				b.run(t, test)
				b.searchable(t, entry)
			})
		}
	}
	t.Run("several at once", func(t *testing.T) { b.run(t, testSeveralAtOnce) })
}

// A failure that nobody tests is only said to be there, and so is one without a text.
func TestEveryFailureHasATestAndItsTexts(t *testing.T) {
	for _, entry := range failure.Catalogue() {
		if failureTests()[entry.Key] == nil && experimentTests[entry.Key] == "" {
			t.Errorf("%s has no test", entry.Key)
		}
		texts := []string{entry.Title, entry.Breaks, entry.Where, entry.Jaeger, entry.Search, entry.Repair}
		if slices.ContainsFunc(texts, func(text string) bool { return strings.TrimSpace(text) == "" }) {
			t.Errorf("%s lacks a text", entry.Key)
		}
	}
}

// One order with three failures of its own, a fourth for its customer and a fifth for everybody: each shows on its own
// spans.
func testSeveralAtOnce(t *testing.T, b *stage) {
	b.set(t, failure.OrderAPISlow, failure.Setting{Variant: "2s"})
	b.set(t, failure.TraceClockSkew, failure.Setting{Variant: "ahead", Customer: "customer-of-many"})
	order := b.orderOf(t, "customer-of-many", "kitchen.error=once, order.duplicate, trace.drop-headers")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		served, sends := spansOf(tree, "order", "POST /order"), spansOf(tree, "order", aConfirmation)
		attempts, taken := tickets(tree), spansOf(tree, "kitchen", kitchenConfirmed)
		if lack := first(some("POST /order", served, 1), some(aConfirmation, sends, 4),
			some("of attempts at the ticket", attempts, 2), some("of the confirmation at the kitchen", taken, 2)); lack != "" {
			return lack
		}
		if skew := attempts[1].Start.Sub(sends[0].Start); skew < 4*time.Minute {
			return fmt.Sprintf("the second attempt begins %s after the order was confirmed", skew)
		}
		doubles := 0
		for _, send := range sends {
			if send.Attributes[string(failure.InjectedAs(failure.TraceDropHeaders))] != true {
				return "a send does not say " + string(failure.TraceDropHeaders)
			}
			if send.Attributes[string(failure.InjectedAs(failure.OrderDuplicate))] == true {
				doubles++
			}
		}
		if doubles != len(sends)/2 {
			return fmt.Sprintf("%d of %d sends say that they are doubles", doubles, len(sends))
		}
		return first(injected(served[0], failure.OrderAPISlow), injected(attempts[0], failure.KitchenError), injected(attempts[1], failure.TraceClockSkew))
	})
}
