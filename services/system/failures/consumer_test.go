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

// consumerFailures are those of the consumers.
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

// aTicket is in the name of a process span of TicketOpened.
const aTicket = "process kitchen.private:kitchen.ticket-opened.v1"

func tickets(tree *tracetree.Tree) []tracetree.Span { return spansOf(tree, "kitchen", aTicket) }

// A ticket takes two seconds longer, and Jaeger finds it; the order is late and not lost.
func testKitchenSlow(t *testing.T, b *stage) {
	beside := b.order(t, "")
	order := b.order(t, "kitchen.slow=2s")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		cooked := tickets(tree)
		if lack := some(aTicket, cooked, 1); lack != "" {
			return lack
		}
		if cooked[0].Duration < 2*time.Second || cooked[0].Status == tracetree.StatusError {
			return fmt.Sprintf("the ticket took %s, status %s", cooked[0].Duration, cooked[0].Status)
		}
		return first(injected(cooked[0], failure.KitchenSlow), evaluated(cooked[0], failure.KitchenSlow, "2s"))
	})
	b.becomes(t, beside, "delivered")
	b.trace(t, beside.TraceID, clean)
	if len(b.searched(t, "kitchen", failure.KitchenSlow)) == 0 {
		t.Error("Jaeger does not find it by its tag")
	}
	// For one customer, behind whose slow tickets those of others wait.
	b.set(t, failure.KitchenSlow, failure.Setting{Variant: "2s", Customer: "customer-1"})
	var slow []orderclient.Order
	for range 2 * b.Cooks(t) { // two for each cook: the last ones wait for the first
		slow = append(slow, b.order(t, ""))
	}
	time.Sleep(acts)
	behind := b.orderOf(t, "customer-2", "")
	for _, order := range append(slow, behind) {
		b.becomes(t, order, "delivered")
	}
	b.trace(t, behind.TraceID, func(tree *tracetree.Tree) string {
		cooked := tickets(tree)
		if lack := first(some(aTicket, cooked, 1), clean(tree)); lack != "" {
			return lack
		}
		if waited(cooked[0]) < 500 {
			return fmt.Sprintf("it waited %v ms behind the slow tickets", cooked[0].Attributes["traceria.queue.wait_ms"])
		}
		return ""
	})
}

// Two attempts fail, the third does not, each a child of the same send.
func testKitchenError(t *testing.T, b *stage) {
	for variant, failures := range map[string]int{"once": 1, "twice": 2, "thrice": 3} {
		order := b.order(t, "kitchen.error="+variant)
		b.becomes(t, order, "delivered")
		b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
			attempts := tickets(tree)
			if lack := some("of attempts at the ticket", attempts, failures+1); lack != "" {
				return lack
			}
			for n, attempt := range attempts {
				failed := n < failures
				switch {
				case attempt.Attributes["traceria.delivery.attempt"] != int64(n+1):
					return fmt.Sprintf("attempt %d says %v", n+1, attempt.Attributes["traceria.delivery.attempt"])
				case attempt.ParentID != attempts[0].ParentID:
					return fmt.Sprintf("attempt %d has another parent", n+1)
				case (attempt.Status == tracetree.StatusError) != failed:
					return fmt.Sprintf("attempt %d has status %q", n+1, attempt.Status)
				case failed && attempt.Attributes["error.type"] != "injected":
					return fmt.Sprintf("attempt %d has error.type %v", n+1, attempt.Attributes["error.type"])
				case !failed && attempt.Attributes[string(failure.InjectedKey)] != nil:
					return "the attempt that went well says that something was injected"
				}
				if failed {
					if lack := first(injected(attempt, failure.KitchenError), evaluated(attempt, failure.KitchenError, variant)); lack != "" {
						return lack
					}
				}
			}
			return ""
		})
	}
	b.cleanOrder(t)
}

// condemned places an order whose ticket becomes a dead letter, because a failure is on for everyone.
func (b *stage) condemned(t *testing.T, key failure.Key) orderclient.Order {
	t.Helper()
	b.set(t, key, failure.Setting{})
	order := b.order(t, "")
	b.Await(t, 30*time.Second, "the ticket is dead", func() bool { return b.dead(t, "kitchen.ticket-opened") == 1 })
	b.stays(t, order, "confirmed")
	return order
}

// pardoned switches the failure off and redrives the order's ticket, which is delivered then.
func (b *stage) pardoned(t *testing.T, order orderclient.Order) {
	t.Helper()
	b.clear(t)
	b.redrive(t, "kitchen.ticket-opened")
	b.becomes(t, order, "delivered")
}

// Four attempts, then a dead letter; when the cause is gone, a redrive delivers the order.
func testKitchenPoison(t *testing.T, b *stage) {
	order := b.condemned(t, failure.KitchenPoison)
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if lack := some("of attempts at the ticket", attempts, 4); lack != "" {
			return lack
		}
		for n, attempt := range attempts {
			settled := "retry"
			if n == 3 {
				settled = "dead"
			}
			if attempt.Status != tracetree.StatusError || attempt.Attributes["traceria.message.settled"] != settled {
				return fmt.Sprintf("attempt %d: status %s, settled %v", n+1, attempt.Status, attempt.Attributes["traceria.message.settled"])
			}
			if lack := first(injected(attempt, failure.KitchenPoison), evaluated(attempt, failure.KitchenPoison, "on")); lack != "" {
				return lack
			}
		}
		return some("to the dead letters under the last attempt", children(tree, attempts[3], "send kitchen.dead:"), 1)
	})
	b.pardoned(t, order)
}

// The process dies before the ack, its span flushed; another process finds the work done.
func testKitchenCrash(t *testing.T, b *stage) {
	back := b.dies(t, "kitchen")
	order := b.order(t, "kitchen.crash")
	back()
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if lack := some("of attempts at the ticket", attempts, 2); lack != "" {
			return lack
		}
		crashed, again := attempts[0], attempts[1]
		switch {
		case crashed.Status != tracetree.StatusError || crashed.Attributes["error.type"] != "crash":
			return fmt.Sprintf("the first attempt has status %q, error.type %v", crashed.Status, crashed.Attributes["error.type"])
		case crashed.Attributes["traceria.message.settled"] != nil:
			return "the first attempt says that it was settled"
		case again.Attributes["traceria.delivery.attempt"] != int64(2) || again.Status == tracetree.StatusError:
			return fmt.Sprintf("the second attempt says %v, status %q", again.Attributes["traceria.delivery.attempt"], again.Status)
		case again.Attributes["traceria.message.duplicate"] != true:
			return "the second attempt did not find the work done"
		case again.Attributes["traceria.message.settled"] != "ack":
			return "the second attempt was not acked"
		}
		return first(injected(crashed, failure.KitchenCrash), evaluated(crashed, failure.KitchenCrash, "on"), injected(again, failure.KitchenCrash),
			// Not its send span, which may have died with the process.
			some("of the box", slices.CompactFunc(spansOf(tree, "order", "process events:kitchen.order-boxed"), sameName), 1))
	})
	if first, second := b.instances(t, order.TraceID, aTicket); first == "" || first == second {
		t.Errorf("the attempts are of the instances %q and %q, want two", first, second)
	}
}

// A span is exported when it ends: a zombie has none, until it is over.
func testKitchenHang(t *testing.T, b *stage) {
	order := b.order(t, "kitchen.hang")
	beside := b.order(t, "")
	b.becomes(t, beside, "delivered") // the other cook works
	b.stays(t, order, "confirmed")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return first(some("of the ticket's send", spansOf(tree, "kitchen", "send kitchen.private:kitchen.ticket-opened"), 1),
			some("of the ticket's work", tickets(tree), 0))
	})
	if !b.Services["kitchen"].Kill() {
		t.Fatal("nothing to kill")
	}
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if lack := some("of attempts at the ticket", attempts, 1); lack != "" {
			return lack
		}
		if attempts[0].Attributes["traceria.delivery.attempt"] != int64(2) {
			return fmt.Sprintf("it is attempt %v", attempts[0].Attributes["traceria.delivery.attempt"])
		}
		return injected(attempts[0], failure.KitchenHang)
	})
	// Switched off, it ends where it stands.
	b.set(t, failure.KitchenHang, failure.Setting{Customer: "customer-3"})
	hung := b.orderOf(t, "customer-3", "")
	b.stays(t, hung, "confirmed")
	b.clear(t)
	b.becomes(t, hung, "delivered")
	b.trace(t, hung.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if lack := some("of attempts at the ticket", attempts, 1); lack != "" {
			return lack
		}
		if attempts[0].Duration < acts {
			return fmt.Sprintf("it took %s", attempts[0].Duration)
		}
		return first(injected(attempts[0], failure.KitchenHang), evaluated(attempts[0], failure.KitchenHang, "on"))
	})
}

// The message is acked and then the process dies: nothing tries again.
func testDeliveryAckEarly(t *testing.T, b *stage) {
	back := b.dies(t, "delivery")
	order := b.order(t, "delivery.ack-early")
	back()
	b.stays(t, order, "boxed")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		boxes := spansOf(tree, "delivery", "process events:kitchen.order-boxed")
		if lack := some("of the box", boxes, 1); lack != "" {
			return lack
		}
		if boxes[0].Status != tracetree.StatusError || boxes[0].Attributes["traceria.message.settled"] != "ack" {
			return fmt.Sprintf("status %q, settled %v", boxes[0].Status, boxes[0].Attributes["traceria.message.settled"])
		}
		return first(some("sent under it", children(tree, boxes[0], "send "), 0),
			injected(boxes[0], failure.DeliveryAckEarly), evaluated(boxes[0], failure.DeliveryAckEarly, "on"))
	})
	if n := b.dead(t, "delivery.order-boxed"); n != 0 {
		t.Errorf("%d dead letters", n)
	}
	b.cleanOrder(t) // the supervisor has started another
}

// Loyalty takes nothing; orders do not care, and its spans come later, in their traces.
func testLoyaltyDown(t *testing.T, b *stage) {
	b.set(t, failure.LoyaltyDown, failure.Setting{})
	order := b.order(t, "")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return some(lastEvent, lastOf(tree), 1)
	})
	time.Sleep(acts)
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string { return some("of loyalty", spansOf(tree, "loyalty", ""), 0) })
	b.clear(t)
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		late := spansOf(tree, "loyalty", "process events:order.order-confirmed")
		if lack := some("of loyalty", late, 1); lack != "" {
			return lack
		}
		if waited(late[0]) < 1000 {
			return fmt.Sprintf("it waited %v ms", late[0].Attributes["traceria.queue.wait_ms"])
		}
		return first(injected(late[0], failure.LoyaltyDown), some("sent by loyalty", spansOf(tree, "loyalty", "send "), 1))
	})
	b.Await(t, 20*time.Second, "the services are ready", b.Ready)
	b.cleanOrder(t)
}

// A hundred attempts within moments, up to the delivery limit.
func testRetryStorm(t *testing.T, b *stage) {
	order := b.condemned(t, failure.RetryStorm)
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		attempts := tickets(tree)
		if len(attempts) < 100 {
			return fmt.Sprintf("%d attempts", len(attempts))
		}
		for n, attempt := range attempts {
			if attempt.Status != tracetree.StatusError || attempt.Attributes["traceria.message.settled"] != "requeue" {
				return fmt.Sprintf("attempt %d: status %q, settled %v", n+1, attempt.Status, attempt.Attributes["traceria.message.settled"])
			}
			if lack := injected(attempt, failure.RetryStorm); lack != "" {
				return lack
			}
		}
		if mean := attempts[len(attempts)-1].Start.Sub(attempts[0].Start) / time.Duration(len(attempts)-1); mean >= 200*time.Millisecond {
			return fmt.Sprintf("%s between two attempts: that is a back-off", mean)
		}
		return evaluated(attempts[0], failure.RetryStorm, "on")
	})
	b.pardoned(t, order)
}

// sameName is for what may be there more than once.
func sameName(a, b tracetree.Span) bool { return a.Name == b.Name }
