package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

const (
	// hotROD is Jaeger's demo, in the module that collector/go.mod pins.
	hotROD = "github.com/jaegertracing/jaeger/examples/hotrod"
	// callers send the next request when the last one is answered. A request waits for about 0.3 s of simulated delays.
	callers = 64
)

// HotROD is the cost of a trace in Jaeger's demo, beside that of an order.
type HotROD struct {
	Spans     int       `json:"spansPerRequest"`
	Unsampled HotRun    `json:"unsampled"`
	Sampled   HotRun    `json:"sampled"`
	Rounds    int       `json:"rounds"`
	Span      SpanCost  `json:"cpuMicrosecondsPerSpan"`
	Ours      *SpanCost `json:"cpuMicrosecondsPerSpanOfAnOrder,omitempty"`
}

// HotRun is the median over the rounds. CPU is milliseconds for a request of the process, and of it with Collector and Jaeger.
type HotRun struct {
	Rate  float64 `json:"requestsPerSecond"`
	CPU   float64 `json:"cpuMsPerRequest"`
	Whole float64 `json:"cpuMsPerRequestWithCollectorAndJaeger"`
	// Failed is the share that HotROD answers with an error, because it simulates timeouts of Redis.
	Failed float64 `json:"failedShare"`
}

// SpanCost is what a sampled span costs more than one that is not sampled: in the process that makes it, and on its whole way.
type SpanCost struct {
	Process float64 `json:"process"`
	Whole   float64 `json:"withCollectorAndJaeger"`
}

// measureHotROD calls HotROD with and without sampling in turn. It has no switch that turns tracing off.
func measureHotROD(t *testing.T, b *bench) {
	b.free(t)
	binary := buildHotROD(t)
	runs := map[string][]HotRun{}
	h := &HotROD{Rounds: b.size.hotRounds}
	for round := range b.size.hotRounds {
		for _, i := range rand.Perm(2) {
			variant := []string{variantUnsampled, variantSampled}[i]
			t.Run(variant, func(t *testing.T) {
				p := b.startHotROD(t, binary, variant)
				run := p.call(t, b.size.hotrod)
				runs[variant] = append(runs[variant], run)
				if variant == variantSampled {
					h.Spans = p.spans(t)
				}
				t.Logf("round %d of %d, %s: %.1f requests/s, %.2f ms of CPU a request", round+1, b.size.hotRounds, variant, run.Rate, run.CPU)
			})
		}
	}
	if len(runs[variantSampled]) == 0 || len(runs[variantUnsampled]) == 0 || h.Spans == 0 {
		t.Fatal("HotROD was not measured")
	}
	h.Unsampled, h.Sampled = middle(runs[variantUnsampled]), middle(runs[variantSampled])
	h.Span = SpanCost{
		Process: (h.Sampled.CPU - h.Unsampled.CPU) / float64(h.Spans) * 1000, Whole: (h.Sampled.Whole - h.Unsampled.Whole) / float64(h.Spans) * 1000,
	}
	b.report.HotROD = h
}

func middle(runs []HotRun) HotRun {
	return HotRun{
		median(runs, func(i int) float64 { return runs[i].Rate }), median(runs, func(i int) float64 { return runs[i].CPU }),
		median(runs, func(i int) float64 { return runs[i].Whole }), median(runs, func(i int) float64 { return runs[i].Failed }),
	}
}

func buildHotROD(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "hotrod")
	t.Log("building HotROD, a few minutes the first time")
	build := exec.CommandContext(t.Context(), "go", "build", "-C", filepath.Dir(systemtest.InRepository(t, "collector/go.mod")), "-o", binary, hotROD)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", hotROD, err, out)
	}
	return binary
}

// hotrodProcess has the four services of HotROD in one process, as its own command all starts them.
type hotrodProcess struct {
	b       *bench
	address string
	pid     int
}

func (b *bench) startHotROD(t *testing.T, binary, variant string) *hotrodProcess {
	t.Helper()
	args := []string{"all", "--fix-db-query-delay=1ms", "--fix-disable-db-conn-mutex", "--fix-route-worker-pool-size=100"}
	p := &hotrodProcess{b: b}
	for _, service := range []string{"customer", "driver", "route", "frontend"} {
		host, port, err := net.SplitHostPort(systemtest.FreeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--"+service+"-service-hostname="+host, "--"+service+"-service-port="+port)
		p.address = "http://" + net.JoinHostPort(host, port)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...)
	cmd.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+b.endpoint(t))
	if variant == variantUnsampled {
		cmd.Env = append(cmd.Env, "OTEL_TRACES_SAMPLER=always_off")
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // HotROD does not stop in order
		_ = cmd.Wait()
	})
	p.pid = cmd.Process.Pid
	systemtest.Eventually(t, time.Minute, "HotROD answers", func() bool { return p.dispatch(t.Context(), "") == nil })
	return p
}

// dispatch calls a car. HotROD continues the trace of traceParent, if it is not empty.
func (p *hotrodProcess) dispatch(ctx context.Context, traceParent string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address+"/dispatch?customer=123", nil)
	if err != nil {
		return err
	}
	if traceParent != "" {
		request.Header.Set("traceparent", traceParent)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("HotROD answers %s", response.Status)
	}
	return nil
}

// call sends requests for a time and waits until their spans have arrived.
func (p *hotrodProcess) call(t *testing.T, over time.Duration) HotRun {
	t.Helper()
	parts := func() time.Duration { return cpuOf(t, p.b.Collector.PID()) + cpuOf(t, p.b.Backend.PID()) }
	before, behind, began := cpuOf(t, p.pid), parts(), time.Now()
	var done, failed atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for time.Since(began) < over {
				if p.dispatch(t.Context(), "") != nil {
					failed.Add(1)
				} else {
					done.Add(1)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began).Seconds()
	time.Sleep(arriving)
	n := float64(done.Load() + failed.Load())
	if failed.Load() > done.Load() {
		t.Fatalf("%d requests failed, %d were answered", failed.Load(), done.Load())
	}
	own := (cpuOf(t, p.pid) - before).Seconds() * 1000
	return HotRun{n / took, own / n, (own + (parts()-behind).Seconds()*1000) / n, float64(failed.Load()) / n}
}

// spans counts the spans of one request.
func (p *hotrodProcess) spans(t *testing.T) int {
	t.Helper()
	var id string
	systemtest.Eventually(t, time.Minute, "HotROD answers without an error", func() bool {
		id = fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()|1)
		return p.dispatch(t.Context(), "00-"+id+"-"+strings.Repeat("b", 16)+"-01") == nil
	})
	return p.b.spansOf(t, id)
}
