package bench

import (
	"math"
	"testing"
)

// Flat says whether an order costs the same at every rate, and whether its trace is complete at four fifths of the highest.
type Flat struct {
	Sustained float64 `json:"sustainedPerSecond"`
	Trials    []Trial `json:"trials"`
	// Spread is the largest deviation of the CPU of an order from their mean, as a share of it.
	Spread float64 `json:"spread"`
	// Net is the CPU of an order without what the idle system uses in the same time, for each trial.
	Net       []float64 `json:"cpuMsPerOrderAboveIdle"`
	NetSpread float64   `json:"spreadAboveIdle"`
}

// measureFlat offers a quarter, a half and four fifths of the rate that is held.
func measureFlat(t *testing.T, b *bench) {
	held := b.held(t)
	s := b.shared(t)
	f := &Flat{Sustained: held}
	b.report.Flat = f
	idle := s.idle(t, b.size.trial)
	var costs []float64
	for _, share := range []float64{0.25, 0.5, 0.8} {
		trial := s.measure(t, b.size.at(share*held))
		f.Trials = append(f.Trials, trial)
		costs = append(costs, trial.Sum)
		f.Net = append(f.Net, trial.Sum-sum(idle)*trial.Measured/float64(max(trial.Load.Placed, 1)))
		t.Logf("%.0f%% of %.1f orders/s: %.2f ms of CPU an order, %d of %d traces complete", 100*share, held, trial.Sum,
			trial.Load.Traces.Complete, trial.Load.Traces.Checked)
	}
	f.Spread, f.NetSpread = spread(costs), spread(f.Net)
}

// spread returns the largest deviation from the mean as a share of it.
func spread(values []float64) (most float64) {
	var all float64
	for _, v := range values {
		all += v
	}
	mean := all / float64(len(values))
	for _, v := range values {
		most = max(most, math.Abs(v-mean)/mean)
	}
	return most
}
