package bench

import (
	"fmt"
	"testing"
	"time"

	"traceria/services/load"
)

const (
	// tooLate is the longest p99 of the time to delivery at a rate that is held. An order takes 0.2 s when the system is idle.
	tooLate = 3 * time.Second
	// keptUp is the least share of the rate at which orders are delivered. Below it a backlog grows.
	keptUp = 0.95
)

// Highest is the result of the section rate.
type Highest struct {
	Held float64 `json:"heldPerSecond"`
	// Missed is the lowest rate that was not held, Why says what was missed, and Limit what the machine did at that rate.
	Missed float64 `json:"missedPerSecond"`
	Why    string  `json:"why"`
	Limit  string  `json:"limit"`
	Trials []Trial `json:"trials"`
}

// measureRate finds the highest rate that is held with complete traces: a burst says where to begin, and each trial halves the
// range, in a ratio of at least 1.04.
func measureRate(t *testing.T, b *bench) {
	s := b.shared(t)
	burst := s.measure(t, b.size.burst(b.size.burstTime))
	t.Logf("a burst at %.0f orders/s is delivered at %.1f orders/s; %s", burst.Rate, burst.Delivered, burst.limit())
	h := &Highest{Trials: []Trial{burst}}
	b.report.Highest = h
	rate := 0.9 * burst.Delivered
	for range b.size.trials {
		trial := s.measure(t, b.size.at(rate))
		h.Trials = append(h.Trials, trial)
		why := trial.missed()
		t.Logf("%.1f orders/s: %s", rate, cmpOr(why, "held"))
		if why == "" {
			h.Held = max(h.Held, rate)
		} else if h.Missed == 0 || rate < h.Missed {
			h.Missed, h.Why, h.Limit = rate, why, trial.limit()
		}
		if rate = next(h.Held, h.Missed); rate == 0 {
			break
		}
	}
	b.sustained = h.Held
	if h.Held == 0 {
		b.sustained = h.Missed / 2
		t.Logf("no rate was held; the later sections take %.1f orders/s", b.sustained)
	}
}

// next returns the rate of the next trial, or 0 if the range is narrow enough.
func next(held, missed float64) float64 {
	switch {
	case missed == 0:
		return held * 1.15
	case held == 0:
		return missed * 0.8
	case missed < held: // by chance, on a machine with other load
		return 0
	case missed/held < 1.04:
		return 0
	default:
		return (held + missed) / 2
	}
}

// missed says what the system did not hold of a rate, or "".
func (r Trial) missed() string {
	l := r.Load
	switch {
	case len(l.Refused) > 0:
		return fmt.Sprintf("%d orders were refused: %s", refused(l), l.Refused[0].What)
	case l.Unsent > 0:
		return fmt.Sprintf("%d orders could not be sent in time", l.Unsent)
	case l.NotEnded() > 0 || l.Doubled.Orders > 0:
		return l.Err().Error()
	case l.Traces.Error != "":
		return "the traces were not read: " + l.Traces.Error
	case l.Traces.Complete < l.Traces.Checked:
		return fmt.Sprintf("%d of %d traces are complete; %s", l.Traces.Complete, l.Traces.Checked, l.Traces.Incomplete[0].Lacks)
	case r.Delivered < keptUp*r.Rate:
		return fmt.Sprintf("they were delivered at %.1f orders/s", r.Delivered)
	case time.Duration(l.Delivery.P99) > tooLate:
		return fmt.Sprintf("p99 of the time to delivery is %s", milliseconds(time.Duration(l.Delivery.P99)))
	default:
		return ""
	}
}

func refused(l load.Report) (n int) {
	for _, c := range l.Refused {
		n += c.Orders
	}
	return n
}
