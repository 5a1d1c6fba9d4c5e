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

// failureTest switches a key on and places orders. It asserts the traces in Jaeger and the results in the services.
type failureTest = func(t *testing.T, st *stage)

// failureTests returns the tests of all groups.
func failureTests() map[failure.Key]failureTest {
	all := map[failure.Key]failureTest{}
	for _, group := range []map[failure.Key]failureTest{consumerFailures, publisherFailures, payloadFailures, traceFailures, edgeFailures, overflowFailures, experiments} {
		maps.Copy(all, group)
	}
	return all
}

func TestFailures(t *testing.T) {
	st := newStage(t)
	for _, entry := range failure.Catalogue() {
		if test := failureTests()[entry.Key]; test != nil {
			t.Run(string(entry.Key), func(t *testing.T) {
				st.run(t, test)
				st.wantSearchable(t, entry)
				st.wantTold(t, entry.Key)
			})
		}
	}
	t.Run("several at once", func(t *testing.T) { st.run(t, testSeveralAtOnce) })
}

// Every key has a test and every text.
func TestEveryFailureHasATestAndItsTexts(t *testing.T) {
	for _, entry := range failure.Catalogue() {
		if failureTests()[entry.Key] == nil {
			t.Errorf("%s has no test", entry.Key)
		}
		texts := []string{entry.Title, entry.Breaks, entry.Where, entry.Jaeger, entry.Search, entry.Repair}
		if slices.ContainsFunc(texts, func(text string) bool { return strings.TrimSpace(text) == "" }) {
			t.Errorf("%s lacks a text", entry.Key)
		}
	}
}

// One order has three failures in its header, a fourth by its customer and a fifth for everyone. Each marks its own
// spans.
func testSeveralAtOnce(t *testing.T, st *stage) {
	st.set(t, failure.OrderAPISlow, failure.Setting{Variant: "2s"})
	st.set(t, failure.TraceClockSkew, failure.Setting{Variant: "ahead", Customer: "customer-of-many"})
	order := st.placeFor(t, "customer-of-many", "kitchen.error=once, order.duplicate, trace.drop-headers")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		served, sends := spansOf(tree, "order", "POST /order"), spansOf(tree, "order", confirmationSent)
		attempts, taken := tickets(tree), spansOf(tree, "kitchen", kitchenConfirmed)
		if fault := firstFault(wantSpans("POST /order", served, 1), wantSpans(confirmationSent, sends, 4),
			wantSpans("of attempts at the ticket", attempts, 2), wantSpans("of the confirmation at the kitchen", taken, 2)); fault != "" {
			return fault
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
		return firstFault(wantInjected(served[0], failure.OrderAPISlow), wantInjected(attempts[0], failure.KitchenError), wantInjected(attempts[1], failure.TraceClockSkew))
	})
}
