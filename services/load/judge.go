package load

import (
	"slices"
	"time"

	"traceria/services/load/pace"
)

// mostFirst is the number of unfinished or doubled orders that a report names.
const mostFirst = 20

func (r *run) newReport() Report {
	l := r.ledger
	return Report{
		Profile: r.options.Profile, Rate: r.options.Rate, Duration: Time(r.options.Duration), WarmUp: Time(r.options.WarmUp),
		Started: r.began.UTC(), Customer: r.options.Customer, Failure: r.options.Failure, Interrupted: r.interrupted,
		Offered: l.offered, Unsent: l.unsent, SentLate: l.late, Placed: l.placed, Refused: counted(l.refused),
		Late: noneUnfinished(), Dead: noneUnfinished(), Lost: noneUnfinished(), Unknown: noneUnfinished(), Doubled: Doubles{First: []Double{}},
		Dropped: []Dropped{}, Hops: []Hop{}, Path: []Share{},
	}
}

func noneUnfinished() Unfinished { return Unfinished{States: []Count{}, First: []UnfinishedOrder{}} }

// judge says of each order whether it was delivered or doubled, and how long it took.
func (r *run) judge(report *Report) {
	var answers, deliveries []time.Duration
	var placed, delivered []time.Time
	for _, o := range r.ledger.list() {
		if len(o.doubled) > 0 {
			report.Doubled.add(o)
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
	report.Answer, report.Delivery = quantilesOf(answers), quantilesOf(deliveries)
	least := time.Duration(0)
	if report.Profile == pace.Burst && !report.Interrupted { // the last burst is followed by silence
		least = time.Duration(report.Duration)
	}
	report.PlacedRate, report.DeliveredRate = rate(placed, least), rate(delivered, least)
}

func (d *Doubles) add(o *order) {
	if d.Orders++; len(d.First) < mostFirst {
		d.First = append(d.First, Double{OrderID: o.id, OrderNumber: o.number, Entries: slices.Sorted(slices.Values(o.doubled))})
	}
}
