package chaos

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// story is what the order service answers about an order.
type story struct {
	Status   string `json:"status"`
	Timeline []struct {
		Event string    `json:"event"`
		At    time.Time `json:"at"`
	} `json:"timeline"`
}

// times is how often the timeline has the event.
func (s story) times(event string) int {
	n := 0
	for _, entry := range s.Timeline {
		if entry.Event == event {
			n++
		}
	}
	return n
}

// end is the final status that the order must reach, and facts are what must be said on the way, each once.
func (w wish) end() string {
	if w.tooLarge() {
		return "cancelled"
	}
	return "delivered"
}

func (w wish) facts() []string {
	if w.tooLarge() {
		return []string{
			"OrderCreated", "OrderConfirmed", "OrderRejected", "OrderCancelled", "LoyaltyPointsEarned", "LoyaltyPointsReversed",
		}
	}
	return []string{
		"OrderCreated", "OrderConfirmed", "OrderPreparing", "OrderBoxed", "DeliveryNotificationSent", "OrderDelivered",
		"LoyaltyPointsEarned",
	}
}

// told says whether the order is in its final state and all that must be said of it was.
func (a *accepted) told() bool {
	return a.story.Status == a.end() &&
		!slices.ContainsFunc(a.facts(), func(fact string) bool { return a.story.times(fact) == 0 })
}

// settleTime is how long the system may take, after the last order was accepted, until nothing moves any more: a
// connection is dialled again within 10 s, a row of the outbox goes again within a minute, a retry within 5 s.
const settleTime = 2 * time.Minute

// settle waits until every order has reached its end and nothing is on its way. What is not settled when the time is
// over is found by count.
func (p *trial) settle(t *testing.T, o *orders) {
	t.Helper()
	deadline := time.Now().Add(settleTime)
	open := slices.Clone(o.all)
	quietLooks := 0
	for time.Now().Before(deadline) {
		p.ask(open)
		open = slices.DeleteFunc(open, func(a *accepted) bool { return a.told() })
		if len(open) == 0 && p.quiet(t) {
			if quietLooks++; quietLooks == 2 {
				return
			}
		} else {
			quietLooks = 0
		}
		time.Sleep(300 * time.Millisecond)
	}
	t.Logf("not settled after %s: %d orders; waiting: %v", settleTime, len(open), p.Waiting(t))
}

// ask reads the orders' stories. A service that does not answer at the moment is asked in the next round.
func (p *trial) ask(open []*accepted) {
	var group sync.WaitGroup
	places := make(chan struct{}, 8)
	for _, a := range open {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			status, body := p.Answer("http://" + p.Addresses["order"] + "/order/" + a.OrderID)
			var now story
			if status == http.StatusOK && json.Unmarshal([]byte(body), &now) == nil {
				a.story = now
			}
		})
	}
	group.Wait()
}

// quiet says whether nothing is in a queue, but for the dead letters that must be there, and nothing in an outbox.
func (p *trial) quiet(t *testing.T) bool {
	t.Helper()
	for queue, n := range p.Waiting(t) {
		if n != p.fault.dead[queue] {
			return false
		}
	}
	for name := range p.Services {
		if p.Unsent(t, name) > 0 {
			return false
		}
	}
	return true
}
