package chaos

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// story is the answer of GET /order/{id}.
type story struct {
	Status   string `json:"status"`
	Timeline []struct {
		Event string    `json:"event"`
		At    time.Time `json:"at"`
	} `json:"timeline"`
}

// times returns how often the timeline has the event.
func (s story) times(event string) int {
	n := 0
	for _, entry := range s.Timeline {
		if entry.Event == event {
			n++
		}
	}
	return n
}

// end returns the final status of the order.
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

// told reports whether the order has its final status and every expected event.
func (a *accepted) told() bool {
	return a.story.Status == a.end() &&
		!slices.ContainsFunc(a.facts(), func(fact string) bool { return a.story.times(fact) == 0 })
}

// settleTime limits the wait after the last accepted order: a reconnect takes up to 10 s, a retry of the outbox up to a
// minute, a retry of a message up to 5 s.
const settleTime = 2 * time.Minute

// settle waits until every order has its final status and no message is on its way. count reports the rest.
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

// ask reads the stories of the orders. Without an answer the old story remains.
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

// quiet reports whether the queues hold only the expected dead letters and the outboxes are empty.
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
