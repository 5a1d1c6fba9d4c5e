package load

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"traceria/services/event"
	"traceria/services/order/orderclient"
)

// order has the ids of a placed order and the state that was last read.
type order struct {
	id, number, traceID string
	seq                 int64
	warm                bool      // it belongs to the warm-up
	intended            time.Time // when it should have been sent
	answered            time.Duration
	status              string
	delivered           time.Time
	// pointless reports that it is confirmed and its points are not in the timeline.
	pointless bool
	doubled   []string // entries that the timeline has twice
}

// newOrder keeps what the order service answered. The error says that the answer is not that of an order service.
func newOrder(placed orderclient.Order, intended time.Time, warm bool) (*order, error) {
	seq, err := strconv.ParseInt(strings.TrimPrefix(placed.OrderNumber, "ORD"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("order number %.40q: want ORD and a number", placed.OrderNumber)
	}
	o := &order{
		id: placed.OrderID, number: placed.OrderNumber, traceID: placed.TraceID, seq: seq, warm: warm,
		intended: intended, answered: time.Since(intended), status: placed.Status,
	}
	if placed.Status == "delivered" { // integration=sync delivers before it answers
		o.delivered = intended.Add(o.answered)
	}
	return o, nil
}

// see updates the order by an answer with its timeline.
func (o *order) see(now orderclient.Order, at time.Time) {
	o.status = now.Status
	confirmed, points := false, false
	seen := map[string]int{}
	for _, e := range now.Timeline {
		seen[e.Event+" from "+e.Service]++
		switch e.Event {
		case event.OrderConfirmedV1.Name:
			confirmed = true
		case event.LoyaltyPointsEarnedV1.Name:
			points = true
		case event.OrderDeliveredV1.Name:
			if o.delivered.IsZero() || e.At.Before(o.delivered) {
				o.delivered = e.At
			}
		}
	}
	if o.status == "delivered" && o.delivered.IsZero() {
		o.delivered = at
	}
	o.pointless = confirmed && !points
	o.doubled = nil
	for entry, times := range seen {
		if times > 1 {
			o.doubled = append(o.doubled, fmt.Sprintf("%s, %d times", entry, times))
		}
	}
}

// settled reports whether nothing is awaited any more.
func (o *order) settled() bool {
	return o.status == "cancelled" || o.status == "delivered" && !o.pointless
}

// state is the last state of an order that is not settled.
func (o *order) state() string {
	if o.status == "delivered" {
		return "delivered without points"
	}
	return o.status
}
