package bench

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/load"
	"traceria/services/pizzeria"
)

const (
	// inFlight limits the requests that wait for an answer, as in traceria load.
	inFlight = load.DefaultInFlight
	// drain is the longest wait for the deliveries after the last order.
	drain = 9 * time.Minute
	// keptTraces is JAEGER_MAX_TRACES of the world.
	keptTraces = 20_000
	// arriving is the time that the last spans take to Jaeger. It is shorter than that after which load reads the traces, because
	// reading them costs Jaeger CPU time that is no part of an order.
	arriving = 2500 * time.Millisecond
)

// ask is what one trial offers.
type ask struct {
	rate   float64
	over   time.Duration
	traces int // that are checked
}

// load offers orders and calls look about every 100 ms with what the load is doing.
func (s *site) load(t *testing.T, a ask, look func(load.Progress)) load.Report {
	t.Helper()
	var progress atomic.Pointer[load.Progress]
	progress.Store(&load.Progress{Phase: load.Sending})
	type result struct {
		report load.Report
		err    error
	}
	done := make(chan result, 1)
	go func() {
		r, err := load.Run(context.WithoutCancel(t.Context()), load.Options{
			Rate: a.rate, Duration: max(a.over, time.Second), Wait: drain, Sample: a.traces, Kept: keptTraces, InFlight: inFlight,
			Order: s.orders, Jaeger: s.Jaeger, Topology: pizzeria.Known(), Progress: func(p load.Progress) { progress.Store(&p) },
		})
		done <- result{r, err}
	}()
	for {
		select {
		case r := <-done:
			if r.err != nil {
				t.Fatalf("offer %.0f orders/s: %v\n%s", a.rate, r.err, s.LastWords())
			}
			return r.report
		case <-time.After(100 * time.Millisecond):
			if look != nil {
				look(*progress.Load())
			}
		}
	}
}

// Trial is the result of one rate that was offered for one time.
type Trial struct {
	Rate float64 `json:"offeredPerSecond"`
	// Delivered is orders per second from the first to the last delivery.
	Delivered float64 `json:"deliveredPerSecond"`
	// CPU is milliseconds per order by process, from the first order until the spans of the last have arrived. Sum leaves out the
	// test, which places the orders.
	CPU map[string]float64 `json:"cpuMsPerOrder"`
	Sum float64            `json:"cpuMsPerOrderOfAll"`
	// Sending is what happened while orders were sent, and Rest from then until the last delivery.
	Sending Use `json:"whileSending"`
	Rest    Use `json:"afterSending"`
	// Took is the time from the first order to the last delivery.
	Took float64 `json:"seconds"`
	// Measured is the time in which CPU was counted.
	Measured float64     `json:"measuredSeconds"`
	Load     load.Report `json:"load"`
}

// Use is the use of the machine in a part of a trial.
type Use struct {
	Seconds float64            `json:"seconds"`
	Busy    float64            `json:"busyShare"`     // of all cores
	Disk    float64            `json:"diskWaitShare"` // of all cores
	Cores   map[string]float64 `json:"coresByProcess"`
	Others  float64            `json:"coresOfOtherPrograms"`
	Queues  map[string]int     `json:"mostMessages"` // waiting in queues, at the end of sending or at any look after it
}

// measure offers orders, waits until they are delivered, and says what they cost. An order that does not end or is doubled fails the test.
func (s *site) measure(t *testing.T, a ask) Trial {
	t.Helper()
	before := s.snapshot(t)
	var sent, delivered, end *snapshot
	var looked time.Time
	rest := map[string]int{}
	report := s.load(t, a, func(p load.Progress) {
		if sent == nil && (p.Phase == load.Waiting || p.Phase == load.Reading) {
			sent = s.snapshot(t)
			sent.queues = s.Waiting(t)
		}
		if p.Phase == load.Waiting && time.Since(looked) > lookAtQueues {
			looked = time.Now()
			deepest(rest, s.Waiting(t))
		}
		if delivered == nil && p.Phase == load.Reading {
			delivered = s.snapshot(t)
		}
		if end == nil && delivered != nil && time.Since(delivered.at) > arriving {
			end = s.snapshot(t)
		}
	})
	if delivered == nil {
		delivered = s.snapshot(t)
	}
	if end == nil { // no traces were read
		time.Sleep(arriving)
		end = s.snapshot(t)
	}
	if sent == nil {
		sent = delivered
	}
	delivered.queues = rest
	if err := report.Err(); err != nil {
		t.Errorf("%s: %.0f orders/s: %v; first %+v %+v", s.name, a.rate, err, report.Unknown.First, report.Doubled.First)
	}
	trial := Trial{Rate: a.rate, Delivered: report.DeliveredRate, Load: report, Took: delivered.at.Sub(before.at).Seconds()}
	trial.Measured = end.at.Sub(before.at).Seconds()
	trial.CPU, trial.Sum = end.perOrder(before, max(report.Placed, 1))
	trial.Sending, trial.Rest = sent.use(before), delivered.use(sent)
	return trial
}

// lookAtQueues is long enough that the looks, which open a connection each, cost nothing.
const lookAtQueues = 2 * time.Second

// deepest keeps the largest number of messages of each queue.
func deepest(most, now map[string]int) {
	for name, n := range now {
		most[name] = max(most[name], n)
	}
}
