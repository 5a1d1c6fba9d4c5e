package bench

import (
	"math"
	"strings"
	"testing"
	"time"

	"traceria/services/load"
	"traceria/services/system/systemtest"
)

// inRepository returns go.mod of the repository.
func inRepository(t *testing.T) string { t.Helper(); return systemtest.InRepository(t, "go.mod") }

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// The next rate leaves a range that is narrow enough, whatever the machine holds.
func TestTheSearchEndsAtTheRateThatIsHeld(t *testing.T) {
	t.Parallel()
	for _, highest := range []float64{3, 61, 130, 144.5, 900} {
		var held, missed float64
		rate, trials := 100.0, 0
		for ; rate > 0; trials++ {
			if rate <= highest {
				held = rate
			} else {
				missed = rate
			}
			rate = next(held, missed)
		}
		if held > highest || missed/held > 1.04 || missed <= highest || trials > 25 {
			t.Errorf("of %.1f: held %.1f, missed %.1f after %d trials", highest, held, missed, trials)
		}
	}
}

func TestASlopeIsThatOfTheLine(t *testing.T) {
	t.Parallel()
	var flat, rising []Sample
	for i := range 100 {
		flat = append(flat, Sample{float64(i), 80})
		rising = append(rising, Sample{float64(i) * 10, 80 + float64(i)/36})
	}
	if got := slope(flat); !near(got, 0) {
		t.Errorf("flat memory has the slope %f", got)
	}
	if got := slope(rising); !near(got, 10) { // 1/36 MB in 10 s
		t.Errorf("the slope is %f MB an hour, want 10", got)
	}
	if got := memory("order", rising); !near(got.First, rising[10].MB) || !near(got.Most, rising[99].MB) || !near(got.Slope, 10) {
		t.Errorf("got %+v", got)
	}
}

func TestARateIsMissedForWhatWentWrong(t *testing.T) {
	t.Parallel()
	whole := load.Report{Placed: 9, Traces: load.Traces{Checked: 9, Complete: 9}}
	if why := (Trial{Rate: 10, Delivered: 9.6, Load: whole}).missed(); why != "" {
		t.Errorf("a rate that was held is missed: %s", why)
	}
	if why := (Trial{Rate: 10, Delivered: 9.4, Load: whole}).missed(); why != "they were delivered at 9.4 orders/s" {
		t.Errorf("a backlog grows, and the rate is held: %s", why)
	}
	for want, change := range map[string]func(*load.Report){
		"7 orders were refused: 503":  func(r *load.Report) { r.Refused = []load.Count{{What: "503", Orders: 7}} },
		"could not be sent in time":   func(r *load.Report) { r.Unsent = 1 },
		"of 9 orders 1 late":          func(r *load.Report) { r.Late.Orders = 1 },
		"of 9 orders 1 lost":          func(r *load.Report) { r.Lost.Orders = 1 },
		"of 9 orders 1 doubled":       func(r *load.Report) { r.Doubled.Orders = 1 },
		"8 of 9 traces are complete":  func(r *load.Report) { r.Traces.Complete, r.Traces.Incomplete = 8, []load.Incomplete{{Lacks: "x"}} },
		"the traces were not read: x": func(r *load.Report) { r.Traces.Error = "x" },
		"time to delivery is 4000 ms": func(r *load.Report) { r.Delivery.P99 = load.Time(4 * time.Second) },
	} {
		r := whole
		change(&r)
		if why := (Trial{Rate: 10, Delivered: 10, Load: r}).missed(); !strings.Contains(why, want) {
			t.Errorf("got %q, want %q", why, want)
		}
	}
}

func TestTheLimitIsNamed(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Use{
		"the CPU of the machine": {Busy: 0.97, Cores: map[string]float64{"order": 0.6, "kitchen": 0.2, harness: 2}},
		"one core of order":      {Busy: 0.6, Cores: map[string]float64{"order": 0.99}},
		"the disk":               {Busy: 0.5, Disk: 0.4},
		"the consumer of kitchen.order-confirmed: ": {Busy: 0.5, Queues: map[string]int{"kitchen.order-confirmed": 900, "order.order-boxed": 3}},
		"the answers of the order service":          {Busy: 0.5},
	} {
		s.Seconds = 10
		rest := Use{Seconds: 2, Busy: 1}
		if got := (Trial{Sending: s, Rest: rest}).limit(); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := (Trial{Sending: rest, Rest: s}).limit(); !strings.HasPrefix(got, want) {
			t.Errorf("of a burst: got %q, want %q", got, want)
		}
	}
}

func TestQuantilesAndSpreads(t *testing.T) {
	t.Parallel()
	values := []float64{4, 1, 3, 2}
	if got := quantile(values, 0.5); !near(got, 2) {
		t.Errorf("the median is %f", got)
	}
	if got := spread([]float64{9, 10, 11}); !near(got, 0.1) {
		t.Errorf("the spread is %f", got)
	}
	of := map[string][]Trial{
		"off": {
			{Delivered: 100, Sum: 10, CPU: map[string]float64{"order": 4}},
			{Delivered: 50, Sum: 20, CPU: map[string]float64{"order": 6}},
			{Delivered: 80, Sum: 16},
		},
		"sampled": {{Delivered: 95, Sum: 11}, {Delivered: 45, Sum: 22}, {Delivered: 76, Sum: 17.6}},
	}
	all := (&bench{size: size{variants: []string{"off", "sampled"}}}).compare(of)
	if v := all[1]; !near(v.ThroughputRatio, 0.95) || !near(v.Low, 0.9) || !near(v.CPURatio, 1.1) || !near(v.Delivered, 76) {
		t.Errorf("got %+v", v)
	}
	if got := all[0].By["order"]; !near(got, 4) { // the third round has none
		t.Errorf("the order service takes %f ms", got)
	}
	if got := all[1].ratio(all[0], cpu); !near(got, 1.1) {
		t.Errorf("the ratio of the CPU is %f", got)
	}
}
