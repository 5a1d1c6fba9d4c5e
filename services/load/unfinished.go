package load

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"traceria/telemetry/tracetree"
)

// Fate says what became of an order that was neither delivered nor cancelled within the wait, or whose points did not come.
type Fate string

// The fates.
const (
	// Late orders are under way: a queue, a consumer or an outbox has them.
	Late Fate = "late"
	// Dead orders have a dead letter. They go on after a redrive only.
	Dead Fate = "dead"
	// Lost orders are nowhere: no part of the system has their message any more.
	Lost Fate = "lost"
	// Unknown orders are in the answer of no source, or the time was over before the search for them.
	Unknown Fate = "unknown"
)

// Whereabouts says where an order is. Where is for people, or "".
type Whereabouts struct {
	Fate  Fate
	Where string
}

// Unfinished are the orders of one fate.
type Unfinished struct {
	Orders int `json:"orders"`
	// States counts them by their last state.
	States []Count `json:"states"`
	// First are the first of them.
	First []UnfinishedOrder `json:"first"`
}

// UnfinishedOrder is one of them.
type UnfinishedOrder struct {
	OrderID     string            `json:"orderId"`
	OrderNumber string            `json:"orderNumber"`
	TraceID     tracetree.TraceID `json:"traceId"`
	State       string            `json:"state"`
	// Where says for people where it is, or is "" if that is not known.
	Where string `json:"where,omitempty"`
}

// Unfinished returns the orders of a fate.
func (r *Report) Unfinished(f Fate) *Unfinished {
	switch f {
	case Late:
		return &r.Late
	case Dead:
		return &r.Dead
	case Lost:
		return &r.Lost
	default:
		return &r.Unknown
	}
}

// NotEnded returns the number of orders of all fates.
func (r *Report) NotEnded() (n int) {
	for _, f := range Fates() {
		n += r.Unfinished(f).Orders
	}
	return n
}

// Fates returns all fates, the least serious first.
func Fates() []Fate { return []Fate{Late, Dead, Lost, Unknown} }

const (
	// searchTime limits the search for the unfinished orders, and searchedAtOnce is the number of orders that are searched for at
	// the same time.
	searchTime     = 20 * time.Second
	searchedAtOnce = 4
)

// open is an unfinished order with its state and its place.
type open struct {
	*order
	state string
	found Whereabouts
}

// findUnfinished says where the unfinished orders are, and adds them to the report.
func (r *run) findUnfinished(ctx context.Context, report *Report) {
	var all []*open
	for _, o := range r.ledger.list() {
		if !o.settled() {
			all = append(all, &open{o, o.state(), Whereabouts{Unknown, "it was not searched for"}})
		}
	}
	if len(all) > 0 && r.options.Find != nil {
		r.search(ctx, all)
	}
	states := map[Fate]map[string]int{}
	for _, o := range all {
		if states[o.found.Fate] == nil {
			states[o.found.Fate] = map[string]int{}
		}
		states[o.found.Fate][o.state]++
		report.Unfinished(o.found.Fate).add(o)
	}
	for _, f := range Fates() {
		report.Unfinished(f).States = counted(states[f])
	}
}

// search asks where the orders are. An order that has ended meanwhile was late.
func (r *run) search(ctx context.Context, all []*open) {
	limited, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	if sleepUntilQuiet(limited) != nil {
		return
	}
	group, searching := errgroup.WithContext(limited)
	group.SetLimit(searchedAtOnce)
	for _, o := range all {
		group.Go(func() error {
			found := r.options.Find(searching, o.id, o.traceID)
			if searching.Err() == nil {
				o.found = found
			}
			return searching.Err()
		})
	}
	_ = group.Wait() // it says that the time is over, and then the rest is unknown
	if r.look(ctx, r.ledger.unsettled()) != nil {
		return // the answers before count
	}
	for _, o := range all {
		if o.settled() {
			o.found = Whereabouts{Late, "it ended after the wait"}
		}
	}
}

func (u *Unfinished) add(o *open) {
	if u.Orders++; len(u.First) < mostFirst {
		u.First = append(u.First, UnfinishedOrder{o.id, o.number, o.traceID, o.state, o.found.Where})
	}
}
