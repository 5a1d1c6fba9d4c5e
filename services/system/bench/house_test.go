package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
)

// profilesVariable names the folder for a CPU profile of each service.
const profilesVariable = "TRACERIA_BENCH_PROFILES"

// Every order that is offered is delivered, with a complete trace. The figures are in the log (-v). With the default flags this
// is a short run that keeps the harness right:
//
//	go test ./services/system/bench -run TestHouse -v -rate 130 -duration 15s
func TestHouse(t *testing.T) {
	h := openHouse(t)
	h.warmUp(t)
	f := h.measure(t, *rate, *duration)
	t.Log(f)
	if f.refused > 0 || f.delivered != f.placed {
		t.Errorf("%d orders were refused, and %d of %d were delivered", f.refused, f.delivered, f.placed)
	}
	if f.complete != f.placed {
		t.Errorf("%d of %d traces are complete, for instance: %s", f.complete, f.placed, f.wrong)
	}
}

// house is the running system and the hops of a complete trace.
type house struct {
	*systemtest.Pizzeria
	hops map[string]bool
}

func openHouse(t *testing.T) *house {
	t.Helper()
	w := systemtest.StartWorld(t)
	folder := os.Getenv(profilesVariable)
	return &house{Pizzeria: w.Open(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		for _, service := range pizzeria.Services() {
			if folder != "" {
				p.More[service.Name] = append(p.More[service.Name], "TRACERIA_CPU_PROFILE="+absolute(t, folder, service.Name+".pprof"))
			}
		}
	})}
}

func absolute(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// warmUp places some orders, so that every connection is open, and learns the hops of a complete trace.
func (h *house) warmUp(t *testing.T) {
	t.Helper()
	first := h.offer(t, 10, 2*time.Second)
	h.awaitDelivered(t, first)
	h.hops = systemtest.Hops(h.Tree(t, first.placed[0].TraceID))
	if len(h.hops) < 10 {
		t.Fatalf("the trace of the first order has %d hops only: %v", len(h.hops), h.hops)
	}
}

// measure offers orders at a rate for a time, and waits until all are delivered and their traces are in Jaeger.
func (h *house) measure(t *testing.T, rate float64, over time.Duration) figures {
	t.Helper()
	before := h.times(t)
	o := h.offer(t, rate, over)
	h.awaitDelivered(t, o)
	h.awaitTrace(t, o.placed[len(o.placed)-1])
	after := h.times(t)
	f := figures{offered: rate, placed: len(o.placed), refused: o.refused, cpu: after.since(before, len(o.placed))}
	f.addDeliveries(o, h.deliveries(t))
	f.addTraces(t, h, o)
	return f
}

// figures are the result of a measurement.
type figures struct {
	offered                              float64 // orders per second
	placed, refused, delivered, complete int
	perSecond                            float64 // delivered, from the first intended order to the last delivery
	p50, p95, p99                        time.Duration
	wrong                                string // what one incomplete trace lacks
	cpu                                  usage  // milliseconds an order
}

// String is the report.
func (f figures) String() string {
	return fmt.Sprintf("offered %.0f orders/s: %d placed, %d refused, %d delivered at %.1f orders/s, %d of %d traces complete\n"+
		"time to delivery from the intended start: p50 %s, p95 %s, p99 %s\nCPU an order: %s",
		f.offered, f.placed, f.refused, f.delivered, f.perSecond, f.complete, f.placed, f.p50, f.p95, f.p99, f.cpu)
}
