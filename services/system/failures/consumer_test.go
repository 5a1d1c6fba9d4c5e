package failures

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// consumerFailures are the failures of consumers.
var consumerFailures = map[failure.Key]failureTest{
	failure.KitchenSlow:      testKitchenSlow,
	failure.KitchenError:     testKitchenError,
	failure.KitchenPoison:    testKitchenPoison,
	failure.KitchenCrash:     testKitchenCrash,
	failure.KitchenHang:      testKitchenHang,
	failure.DeliveryAckEarly: testDeliveryAckEarly,
	failure.LoyaltyDown:      testLoyaltyDown,
	failure.RetryStorm:       testRetryStorm,
}

// A ticket takes two seconds longer. The order is late and not lost.
func testKitchenSlow(t *testing.T, st *stage) {
	other := st.place(t, "")
	order := st.place(t, "kitchen.slow=2s")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		cooked := tickets(tree)
		if fault := wantSpans(aTicket, cooked, 1); fault != "" {
			return fault
		}
		if cooked[0].Duration < 2*time.Second || cooked[0].Status == tracetree.StatusError {
			return fmt.Sprintf("the ticket took %s, status %s", cooked[0].Duration, cooked[0].Status)
		}
		return firstFault(wantInjected(cooked[0], failure.KitchenSlow), wantEvaluated(cooked[0], failure.KitchenSlow, "2s"))
	})
	st.awaitStatus(t, other, "delivered")
	st.trace(t, other.TraceID, wantClean)
	if len(st.findByKey(t, "kitchen", failure.KitchenSlow)) == 0 {
		t.Error("Jaeger finds no span by the tag")
	}
	// One customer's slow tickets delay those of others.
	st.set(t, failure.KitchenSlow, failure.Setting{Variant: "2s", Customer: "customer-1"})
	var slow []orderclient.Order
	for range 2 * st.Cooks(t) { // two for each cook, so the last ones wait
		slow = append(slow, st.place(t, ""))
	}
	time.Sleep(actTime)
	behind := st.placeFor(t, "customer-2", "")
	for _, order := range append(slow, behind) {
		st.awaitStatus(t, order, "delivered")
	}
	st.trace(t, behind.TraceID, func(tree *tracetree.Tree) string {
		cooked := tickets(tree)
		if fault := firstFault(wantSpans(aTicket, cooked, 1), wantClean(tree)); fault != "" {
			return fault
		}
		if waited(cooked[0]) < 500 {
			return fmt.Sprintf("the ticket waited %v ms behind the slow ones", cooked[0].Attributes["traceria.queue.wait_ms"])
		}
		return ""
	})
}

// The first attempts fail, the last succeeds. All are children of one send.
func testKitchenError(t *testing.T, st *stage) {
	for variant, failures := range map[string]int{"once": 1, "twice": 2, "thrice": 3} {
		order := st.place(t, "kitchen.error="+variant)
		if variant == "thrice" { // its last back-off takes 5 s
			st.wantGap(t, "kitchen.error=thrice", order)
		}
		st.awaitStatus(t, order, "delivered")
		st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			attempts := tickets(tree)
			if fault := wantSpans("of attempts at the ticket", attempts, failures+1); fault != "" {
				return fault
			}
			for n, attempt := range attempts {
				failed := n < failures
				switch {
				case attempt.Attributes["traceria.delivery.attempt"] != int64(n+1):
					return fmt.Sprintf("attempt %d has number %v", n+1, attempt.Attributes["traceria.delivery.attempt"])
				case attempt.ParentID != attempts[0].ParentID:
					return fmt.Sprintf("attempt %d is not a child of the first send", n+1)
				case (attempt.Status == tracetree.StatusError) != failed:
					return fmt.Sprintf("attempt %d has status %q", n+1, attempt.Status)
				case failed && attempt.Attributes["error.type"] != "injected":
					return fmt.Sprintf("attempt %d has error.type %v", n+1, attempt.Attributes["error.type"])
				case !failed && attempt.Attributes[string(failure.InjectedKey)] != nil:
					return "the successful attempt is marked"
				}
				if failed {
					if fault := firstFault(wantInjected(attempt, failure.KitchenError), wantEvaluated(attempt, failure.KitchenError, variant)); fault != "" {
						return fault
					}
				}
			}
			return ""
		})
	}
	st.placeCleanOrder(t)
}

// placeDead places an order whose ticket is dead-lettered by a failure for everyone.
func (st *stage) placeDead(t *testing.T, key failure.Key) orderclient.Order {
	t.Helper()
	st.set(t, key, failure.Setting{})
	order := st.place(t, "")
	st.Await(t, 30*time.Second, "the ticket is dead", func() bool { return st.deadLetters(t, "kitchen.ticket-opened") == 1 })
	st.keepsStatus(t, order, "confirmed")
	st.wantGap(t, string(key), order)
	return order
}

// redriveTicket clears the failure and redrives the order's ticket, and the order is delivered.
func (st *stage) redriveTicket(t *testing.T, order orderclient.Order) {
	t.Helper()
	st.clear(t)
	st.redrive(t, "kitchen.ticket-opened")
	st.awaitStatus(t, order, "delivered")
}

// Four attempts fail, and the message is dead-lettered. After clearing, a redrive delivers the order.
func testKitchenPoison(t *testing.T, st *stage) {
	order := st.placeDead(t, failure.KitchenPoison)
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if fault := wantSpans("of attempts at the ticket", attempts, 4); fault != "" {
			return fault
		}
		for n, attempt := range attempts {
			settled := "retry"
			if n == 3 {
				settled = "dead"
			}
			if attempt.Status != tracetree.StatusError || attempt.Attributes["traceria.message.settled"] != settled {
				return fmt.Sprintf("attempt %d: status %s, settled %v", n+1, attempt.Status, attempt.Attributes["traceria.message.settled"])
			}
			if fault := firstFault(wantInjected(attempt, failure.KitchenPoison), wantEvaluated(attempt, failure.KitchenPoison, "on")); fault != "" {
				return fault
			}
		}
		return wantSpans("to the dead letters under the last attempt", children(tree, attempts[3], "send kitchen.dead:"), 1)
	})
	st.redriveTicket(t, order)
}

// The process flushes its span and dies before the ack. The next process finds the work done.
func testKitchenCrash(t *testing.T, st *stage) {
	back := st.expectDeath(t, "kitchen")
	order := st.place(t, "kitchen.crash")
	back()
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if fault := wantSpans("of attempts at the ticket", attempts, 2); fault != "" {
			return fault
		}
		crashed, again := attempts[0], attempts[1]
		switch {
		case crashed.Status != tracetree.StatusError || crashed.Attributes["error.type"] != "crash":
			return fmt.Sprintf("the first attempt has status %q, error.type %v", crashed.Status, crashed.Attributes["error.type"])
		case crashed.Attributes["traceria.message.settled"] != nil:
			return "the first attempt is settled"
		case again.Attributes["traceria.delivery.attempt"] != int64(2) || again.Status == tracetree.StatusError:
			return fmt.Sprintf("the second attempt has number %v, status %q", again.Attributes["traceria.delivery.attempt"], again.Status)
		case again.Attributes["traceria.message.duplicate"] != true:
			return "the second attempt is no duplicate"
		case again.Attributes["traceria.message.settled"] != "ack":
			return "the second attempt was not acked"
		}
		return firstFault(wantInjected(crashed, failure.KitchenCrash), wantEvaluated(crashed, failure.KitchenCrash, "on"), wantInjected(again, failure.KitchenCrash),
			// The send span may be lost with the process.
			wantSpans("of the box", slices.CompactFunc(spansOf(tree, "order", "process events:kitchen.order-boxed"), sameName), 1))
	})
	if first, second := st.instances(t, order.TraceID, aTicket); first == "" || first == second {
		t.Errorf("the attempts ran in the instances %q and %q, want two", first, second)
	}
}

// A span is exported when it ends, so a hanging handler has none.
func testKitchenHang(t *testing.T, st *stage) {
	order := st.place(t, "kitchen.hang")
	other := st.place(t, "")
	st.awaitStatus(t, other, "delivered") // the other cook works
	st.keepsStatus(t, order, "confirmed")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return firstFault(wantSpans("of the ticket's send", spansOf(tree, "kitchen", "send kitchen.private:kitchen.ticket-opened"), 1),
			wantSpans("of the ticket's work", tickets(tree), 0))
	})
	st.wantGap(t, "kitchen.hang", order)
	if !st.Services["kitchen"].Kill() {
		t.Fatal("the kitchen does not run")
	}
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if fault := wantSpans("of attempts at the ticket", attempts, 1); fault != "" {
			return fault
		}
		if attempts[0].Attributes["traceria.delivery.attempt"] != int64(2) {
			return fmt.Sprintf("got attempt %v, want 2", attempts[0].Attributes["traceria.delivery.attempt"])
		}
		return wantInjected(attempts[0], failure.KitchenHang)
	})
	// After clearing, the handler continues.
	st.set(t, failure.KitchenHang, failure.Setting{Customer: "customer-3"})
	hung := st.placeFor(t, "customer-3", "")
	st.keepsStatus(t, hung, "confirmed")
	st.clear(t)
	st.awaitStatus(t, hung, "delivered")
	st.trace(t, hung.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if fault := wantSpans("of attempts at the ticket", attempts, 1); fault != "" {
			return fault
		}
		if attempts[0].Duration < actTime {
			return fmt.Sprintf("the attempt took %s", attempts[0].Duration)
		}
		return firstFault(wantInjected(attempts[0], failure.KitchenHang), wantEvaluated(attempts[0], failure.KitchenHang, "on"))
	})
}

// The message is acked, and then the process dies. No retry follows.
func testDeliveryAckEarly(t *testing.T, st *stage) {
	back := st.expectDeath(t, "delivery")
	order := st.place(t, "delivery.ack-early")
	back()
	st.keepsStatus(t, order, "boxed")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		boxes := spansOf(tree, "delivery", "process events:kitchen.order-boxed")
		if fault := wantSpans("of the box", boxes, 1); fault != "" {
			return fault
		}
		if boxes[0].Status != tracetree.StatusError || boxes[0].Attributes["traceria.message.settled"] != "ack" {
			return fmt.Sprintf("status %q, settled %v", boxes[0].Status, boxes[0].Attributes["traceria.message.settled"])
		}
		return firstFault(wantSpans("sent under it", children(tree, boxes[0], "send "), 0),
			wantInjected(boxes[0], failure.DeliveryAckEarly), wantEvaluated(boxes[0], failure.DeliveryAckEarly, "on"))
	})
	st.wantGap(t, "delivery.ack-early", order)
	if n := st.deadLetters(t, "delivery.order-boxed"); n != 0 {
		t.Errorf("%d dead letters", n)
	}
	st.placeCleanOrder(t) // the supervisor has restarted delivery
}

// Loyalty consumes nothing. Orders are delivered, and loyalty's spans arrive later in their traces.
func testLoyaltyDown(t *testing.T, st *stage) {
	st.set(t, failure.LoyaltyDown, failure.Setting{})
	order := st.place(t, "")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return wantSpans(lastEvent, lastOf(tree), 1)
	})
	time.Sleep(actTime)
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string { return wantSpans("of loyalty", spansOf(tree, "loyalty", ""), 0) })
	st.wantGap(t, "loyalty.down", order)
	st.clear(t)
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		late := spansOf(tree, "loyalty", "process events:order.order-confirmed")
		if fault := wantSpans("of loyalty", late, 1); fault != "" {
			return fault
		}
		if waited(late[0]) < 1000 {
			return fmt.Sprintf("the message waited %v ms", late[0].Attributes["traceria.queue.wait_ms"])
		}
		return firstFault(wantInjected(late[0], failure.LoyaltyDown), wantSpans("sent by loyalty", spansOf(tree, "loyalty", "send "), 1))
	})
	st.wantWhole(t, order)
	st.Await(t, 20*time.Second, "the services are ready", st.Ready)
	st.placeCleanOrder(t)
}

// A hundred attempts follow each other up to the delivery limit.
func testRetryStorm(t *testing.T, st *stage) {
	order := st.placeDead(t, failure.RetryStorm)
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if len(attempts) < 100 {
			return fmt.Sprintf("%d attempts", len(attempts))
		}
		for n, attempt := range attempts {
			if attempt.Status != tracetree.StatusError || attempt.Attributes["traceria.message.settled"] != "requeue" {
				return fmt.Sprintf("attempt %d: status %q, settled %v", n+1, attempt.Status, attempt.Attributes["traceria.message.settled"])
			}
			if fault := wantInjected(attempt, failure.RetryStorm); fault != "" {
				return fault
			}
		}
		if mean := attempts[len(attempts)-1].Start.Sub(attempts[0].Start) / time.Duration(len(attempts)-1); mean >= 200*time.Millisecond {
			return fmt.Sprintf("%s between two attempts is a back-off", mean)
		}
		return wantEvaluated(attempts[0], failure.RetryStorm, "on")
	})
	st.redriveTicket(t, order)
}
