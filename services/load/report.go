package load

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/services/load/pace"
)

// Report says what became of the orders of a load. Offered is the sum of Placed, Unsent and Refused, and Placed that of Delivered,
// Cancelled, UnderWay, Late, Dead, Lost and Unknown. The orders of the warm-up are in the last four and in Doubled only.
type Report struct {
	Profile     pace.Profile `json:"profile"`
	Rate        float64      `json:"rate"`
	Duration    Time         `json:"durationMs"`
	WarmUp      Time         `json:"warmUpMs"`
	Started     time.Time    `json:"started"`
	Customer    string       `json:"customerId"`
	Failure     string       `json:"failure,omitempty"`
	Interrupted bool         `json:"interrupted"`

	Offered int `json:"offered"`
	// Unsent are the orders that could not be sent within a second, because too many requests were on their way. SentLate were sent
	// more than 100 ms late; their times count from when they should have been sent.
	Unsent   int `json:"unsent"`
	SentLate int `json:"sentLate"`
	Placed   int `json:"placed"`
	// Refused counts by reason.
	Refused   []Count `json:"refused"`
	Delivered int     `json:"delivered"`
	Cancelled int     `json:"cancelled"`
	// UnderWay are orders that were not awaited, because the load was interrupted.
	UnderWay int `json:"underWay"`
	// Late, Dead, Lost and Unknown are the orders that did not end within the wait, by [Fate].
	Late    Unfinished `json:"late"`
	Dead    Unfinished `json:"dead"`
	Lost    Unfinished `json:"lost"`
	Unknown Unfinished `json:"unknown"`
	Doubled Doubles    `json:"doubled"`

	// PlacedRate and DeliveredRate are orders in a second, from the first to the last that was placed or delivered. Those of bursts
	// are over the whole time.
	PlacedRate    float64 `json:"placedRate"`
	DeliveredRate float64 `json:"deliveredRate"`
	// Answer is the time to the answer of POST /order, Delivery that to OrderDelivered. Both count from when the order should have
	// been sent.
	Answer   Quantiles `json:"answer"`
	Delivery Quantiles `json:"delivery"`

	Traces  Traces    `json:"traces"`
	Dropped []Dropped `json:"dropped"`
	// Hops and Path say where the time went in the traces that were checked.
	Hops []Hop   `json:"hops"`
	Path []Share `json:"path"`
}

// Count is a number of orders with something in common.
type Count struct {
	What   string `json:"what"`
	Orders int    `json:"orders"`
}

// counted returns the counts, the greatest first.
func counted(by map[string]int) []Count {
	all := make([]Count, 0, len(by))
	for what, n := range by {
		all = append(all, Count{what, n})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Orders, a.Orders), strings.Compare(a.What, b.What)) })
	return all
}

// Doubles are the orders to which something happened twice.
type Doubles struct {
	Orders int      `json:"orders"`
	First  []Double `json:"first"`
}

// Double is such an order. Entries are what its timeline has twice.
type Double struct {
	OrderID     string   `json:"orderId"`
	OrderNumber string   `json:"orderNumber"`
	Entries     []string `json:"entries"`
}

// Dropped is how many spans a part has dropped during the load: they were never in Jaeger.
type Dropped struct {
	Part  string `json:"part"`
	Spans int64  `json:"spans"`
	// Unknown says why the number is not known.
	Unknown string `json:"unknown,omitempty"`
}

// since returns what was dropped between two answers. A part that was started anew counts from 0 again.
func since(before, after []Dropped) []Dropped {
	old := map[string]int64{}
	for _, d := range before {
		old[d.Part] = d.Spans
	}
	found := make([]Dropped, 0, len(after))
	for _, d := range after {
		if d.Spans >= old[d.Part] {
			d.Spans -= old[d.Part]
		}
		found = append(found, d)
	}
	return found
}

// ErrNonePlaced is the error of a load that placed no order.
var ErrNonePlaced = errors.New("no order was placed")

// Err returns an error if an order did not end within the wait or was doubled, or if none was placed.
func (r Report) Err() error {
	var wrong []string
	for _, f := range Fates() {
		if n := r.Unfinished(f).Orders; n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, f))
		}
	}
	if n := r.Doubled.Orders; n > 0 {
		wrong = append(wrong, fmt.Sprintf("%d doubled", n))
	}
	switch {
	case len(wrong) > 0:
		return fmt.Errorf("of %d orders %s", r.Placed, strings.Join(wrong, ", "))
	case r.Placed == 0 && len(r.Refused) > 0:
		return fmt.Errorf("%w: %s", ErrNonePlaced, r.Refused[0].What)
	case r.Placed == 0:
		return ErrNonePlaced
	default:
		return nil
	}
}
