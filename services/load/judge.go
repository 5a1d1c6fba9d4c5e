package load

import (
	"context"
	"slices"
	"time"

	"traceria/services/load/pace"
)

// mostFirst is the number of lost or doubled orders that a report names.
const mostFirst = 20

func (r *run) newReport() Report {
	l := r.ledger
	return Report{
		Profile: r.options.Profile, Rate: r.options.Rate, Duration: Time(r.options.Duration), WarmUp: Time(r.options.WarmUp),
		Started: r.began.UTC(), Customer: r.options.Customer, Failure: r.options.Failure, Interrupted: r.interrupted,
		Offered: l.offered, Unsent: l.unsent, Late: l.late, Placed: l.placed, Refused: counted(l.refused),
		Lost: Losses{States: []Count{}, First: []Loss{}}, Doubled: Doubles{First: []Double{}},
		Dropped: []Dropped{}, Hops: []Hop{}, Path: []Share{},
	}
}

// judge says of each order whether it was delivered, lost or doubled, and how long it took.
func (r *run) judge(ctx context.Context, report *Report) {
	var answers, deliveries []time.Duration
	var placed, delivered []time.Time
	states := map[string]int{}
	for _, o := range r.ledger.list() {
		if len(o.doubled) > 0 {
			report.Doubled.add(o)
		}
		if !o.settled() && !report.Interrupted {
			states[o.state()]++
			report.Lost.add(o)
		}
		if o.warm {
			continue
		}
		answers, placed = append(answers, o.answered), append(placed, o.intended.Add(o.answered))
		switch {
		case o.status == "cancelled":
			report.Cancelled++
		case o.settled():
			report.Delivered++
			deliveries = append(deliveries, max(o.delivered.Sub(o.intended), 0))
			delivered = append(delivered, o.delivered)
		case report.Interrupted:
			report.UnderWay++
		}
	}
	report.Lost.States = counted(states)
	report.Answer, report.Delivery = quantilesOf(answers), quantilesOf(deliveries)
	least := time.Duration(0)
	if report.Profile == pace.Burst && !report.Interrupted { // the last burst is followed by silence
		least = time.Duration(report.Duration)
	}
	report.PlacedRate, report.DeliveredRate = rate(placed, least), rate(delivered, least)
	r.find(ctx, report.Lost.First)
}

func (l *Losses) add(o *order) {
	if l.Orders++; len(l.First) < mostFirst {
		l.First = append(l.First, Loss{OrderID: o.id, OrderNumber: o.number, TraceID: o.traceID, State: o.state()})
	}
}

func (d *Doubles) add(o *order) {
	if d.Orders++; len(d.First) < mostFirst {
		d.First = append(d.First, Double{OrderID: o.id, OrderNumber: o.number, Entries: slices.Sorted(slices.Values(o.doubled))})
	}
}

// findTime limits the search for lost orders.
const findTime = 20 * time.Second

// find asks where the lost orders are.
func (r *run) find(ctx context.Context, lost []Loss) {
	if r.options.Where == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	for i := range lost {
		if ctx.Err() != nil {
			return
		}
		lost[i].Where = r.options.Where(ctx, lost[i].OrderID)
	}
}
