package load

import (
	"encoding/json"
	"slices"
	"time"

	"traceria/telemetry/tracetree"
)

// Time is a duration that is a number of milliseconds in JSON.
type Time time.Duration

// MarshalJSON implements json.Marshaler. It rounds to microseconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Duration(t).Microseconds()) / 1000)
}

// Quantiles of the times of orders, by the rule of [tracetree.Quantile].
type Quantiles struct {
	P50 Time `json:"p50Ms"`
	P95 Time `json:"p95Ms"`
	P99 Time `json:"p99Ms"`
	Max Time `json:"maxMs"`
}

func quantilesOf(times []time.Duration) Quantiles {
	slices.Sort(times)
	return Quantiles{Time(tracetree.Quantile(times, 0.5)), Time(tracetree.Quantile(times, 0.95)), Time(tracetree.Quantile(times, 0.99)), Time(tracetree.Quantile(times, 1))}
}

// Spread is the middle and the upper end of several times.
type Spread struct {
	P50 Time `json:"p50Ms"`
	P95 Time `json:"p95Ms"`
}

func spreadOf(times []time.Duration) Spread {
	slices.Sort(times)
	return Spread{Time(tracetree.Quantile(times, 0.5)), Time(tracetree.Quantile(times, 0.95))}
}

// rate returns how many of the moments fall into a second, from the first to the last, or over a longer time. With 200 and more it
// leaves out the first and the last hundredth, so that one straggler does not halve the rate.
func rate(moments []time.Time, least time.Duration) float64 {
	slices.SortFunc(moments, time.Time.Compare)
	if cut := len(moments) / 100; cut > 1 {
		moments = moments[cut : len(moments)-cut]
	}
	if len(moments) < 2 {
		return 0
	}
	took := max(moments[len(moments)-1].Sub(moments[0]), least).Seconds()
	if took <= 0 {
		return 0
	}
	return float64(len(moments)-1) / took
}
