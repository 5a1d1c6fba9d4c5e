package bench

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

var (
	sizeName = flag.String("size", "smoke", "how long TestBench measures: smoke (40 s), short (6 minutes) or full (half an hour)")
	wanted   = flag.String("sections", "all", "the sections of TestBench, separated by commas; README.md lists them")
	soakTime = flag.Duration("soak", 0, "the time of the section soak, for instance 1h; 0 is that of the size")
	sustain  = flag.Float64("sustained", 0, "orders per second that the system holds, if the section rate is left out; 0 measures a burst")
	folder   = flag.String("out", "", "the folder for report.txt and report.json; nothing is written without it")
)

// section is a part of the benchmark with a result of its own in the report.
type section struct {
	name string
	run  func(*testing.T, *bench)
	// smoke is set if the section takes part in the smoke test.
	smoke bool
}

// sections are in the order in which they run: the section rate says which rates the later ones use.
func sections() []section {
	return []section{
		{"rate", measureRate, false},
		{"cost", measureCost, true},
		{"flat", measureFlat, false},
		{"offered", measureOffered, false},
		{"tracing", measureTracing, true},
		{"replicas", measureReplicas, false},
		{"hotrod", measureHotROD, false},
		{"peers", measurePeers, false},
		{"soak", measureSoak, true},
	}
}

func sectionNames() (names []string) {
	for _, s := range sections() {
		names = append(names, s.name)
	}
	return names
}

// TestBench measures the whole system. Without flags it is a short run that keeps the program right. make bench runs it at full
// size. An order that does not end within nine minutes or is doubled fails it. Every other aim is reported as met or missed.
//
//	go test ./services/system/bench -run TestBench -v -timeout 3h -size full -out .run/bench
func TestBench(t *testing.T) {
	b := newBench(t)
	for _, s := range sections() {
		if b.wants(s) {
			began := time.Now()
			t.Run(s.name, func(t *testing.T) { s.run(t, b) })
			b.report.Took[s.name] = time.Since(began).Round(time.Second).String()
			b.write(t)
		}
	}
	b.report.finish(b)
	b.write(t)
	t.Log("\n" + b.report.String())
}

// bench is one run of the benchmark.
type bench struct {
	*systemtest.World
	size   size
	report *Report
	top    *testing.T
	site   *site    // of the sections that need no environment of their own
	bytes  *counter // what the services of site send, in a smoke run only
	// sustained is the highest rate that the system holds, or 0 if it is not known yet.
	sustained float64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s, known := sizes[*sizeName]
	if !known {
		t.Fatalf("-size %s: want smoke, short or full", *sizeName)
	}
	if *soakTime > 0 {
		s.soak = *soakTime
	}
	for name := range strings.SplitSeq(*wanted, ",") {
		if name != "all" && !slices.Contains(sectionNames(), name) {
			t.Fatalf("-sections %s: want all, or some of %s", name, strings.Join(sectionNames(), ","))
		}
	}
	b := &bench{World: systemtest.StartWorld(t), size: s, top: t, sustained: *sustain}
	b.report = &Report{
		Size: *sizeName, Began: time.Now().UTC().Truncate(time.Second), Cores: runtime.NumCPU(), Go: runtime.Version(),
		RabbitMQ: cmpOr(os.Getenv("RABBITMQ"), "installed"), Took: map[string]string{},
	}
	return b
}

func cmpOr(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (b *bench) smoke() bool { return *sizeName == "smoke" }

func (b *bench) wants(s section) bool {
	if *wanted == "all" {
		return s.smoke || !b.smoke()
	}
	return slices.Contains(strings.Split(*wanted, ","), s.name)
}

// shared returns the system with the default environment. The first section that needs it opens it.
func (b *bench) shared(t *testing.T) *site {
	t.Helper()
	if b.site == nil {
		s := setup{name: "default"}
		if b.smoke() { // one start of the services has to do for the section cost, too
			b.bytes = newCounter(b.top, b.endpoint(t))
			s.env = b.bytes.env()
		}
		b.site = b.open(b.top, s)
	}
	return b.site
}

// free closes the shared system, so that another one can have the queues.
func (b *bench) free(t *testing.T) {
	t.Helper()
	if b.site != nil {
		b.site.Close(t)
		b.site = nil
	}
}

// held returns the rate that the system holds. Without the section rate it is four fifths of what a burst reaches.
func (b *bench) held(t *testing.T) float64 {
	t.Helper()
	if b.sustained == 0 {
		burst := b.shared(t).measure(t, b.size.burst(b.size.burstTime))
		b.sustained = 0.8 * burst.Delivered
		t.Logf("a burst is delivered at %.1f orders/s; %.1f are taken as the rate that is held", burst.Delivered, b.sustained)
	}
	return b.sustained
}

// size says how long is measured.
type size struct {
	trial       time.Duration // one rate
	trials      int           // of the section rate
	rates       []float64     // of the section offered
	offered     time.Duration
	burstRate   float64
	burstTime   time.Duration
	rounds      int // of alternating variants
	variants    []string
	replicas    []int
	soak        time.Duration
	hotrod      time.Duration // of one variant in one round
	hotRounds   int
	peerRounds  int
	tracesOfAll int // traces that are checked in one trial
}

var sizes = map[string]size{
	"smoke": {
		trial: time.Second, trials: 1, rates: []float64{10}, offered: time.Second, burstRate: 20, burstTime: time.Second, rounds: 1,
		variants: []string{variantOff}, replicas: []int{1}, soak: time.Second, hotrod: time.Second, hotRounds: 1, peerRounds: 1, tracesOfAll: 100,
	},
	"short": {
		trial: 6 * time.Second, trials: 3, rates: []float64{10, 100, 1000}, offered: 2 * time.Second, burstRate: 600, burstTime: time.Second, rounds: 3,
		variants: allVariants, replicas: []int{1, 4}, soak: 10 * time.Second, hotrod: 4 * time.Second, hotRounds: 1, peerRounds: 2, tracesOfAll: 300,
	},
	"full": {
		trial: 20 * time.Second, trials: 8, rates: []float64{10, 30, 100, 300, 1000}, offered: 15 * time.Second, burstRate: 1000, burstTime: 3 * time.Second, rounds: 4,
		variants: allVariants, replicas: []int{1, 2, 4, 8}, soak: 10 * time.Minute, hotrod: 10 * time.Second, hotRounds: 3, peerRounds: 10, tracesOfAll: 1000,
	},
}

// burst are orders that come faster than they can be delivered, so that the system works at its limit until the last.
func (s size) burst(over time.Duration) ask {
	return ask{rate: s.burstRate, over: over, traces: s.tracesOfAll}
}

func (s size) at(rate float64) ask { return ask{rate: rate, over: s.trial, traces: s.tracesOfAll} }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.0f ms", d.Seconds()*1000) }
