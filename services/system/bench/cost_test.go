package bench

import (
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// Cost is what one order costs at a rate that the system holds easily.
type Cost struct {
	Trial Trial `json:"trial"`
	// Idle is what the system uses without orders, in milliseconds of CPU in a second by process.
	Idle map[string]float64 `json:"idleCPUMsPerSecond"`
	// Spans is the number of spans of an order.
	Spans int `json:"spansPerOrder"`
	// Bytes are those of the services' OTLP requests over HTTP, as they were sent (not compressed), for each order.
	Bytes map[string]float64 `json:"otlpBytesPerOrder"`
	// BytesRate is the rate at which the bytes were counted: metrics are exported in intervals, so their bytes depend on it.
	BytesRate float64 `json:"otlpBytesAtOrdersPerSecond"`
}

// measureCost measures half of the rate that is held, the idle system, and the telemetry of a few orders.
func measureCost(t *testing.T, b *bench) {
	c := &Cost{}
	b.report.Cost = c
	rate := 10.0
	if !b.smoke() {
		rate = b.held(t) / 2
	}
	s := b.shared(t)
	c.Idle = s.idle(t, b.size.trial)
	c.Trial = s.measure(t, b.size.at(rate))
	t.Logf("%.1f orders/s: %.2f ms of CPU an order", rate, c.Trial.Sum)
	b.countBytes(t, c, rate)
}

// idle returns the CPU time of each process without orders, in milliseconds in a second.
func (s *site) idle(t *testing.T, over time.Duration) map[string]float64 {
	t.Helper()
	before := s.snapshot(t)
	time.Sleep(over)
	after := s.snapshot(t)
	each := map[string]float64{}
	for name, spent := range after.cpu {
		each[name] = (spent - before.cpu[name]).Seconds() * 1000 / after.at.Sub(before.at).Seconds()
	}
	return each
}

// sum leaves out the test.
func sum(each map[string]float64) (all float64) {
	for name, one := range each {
		if name != harness {
			all += one
		}
	}
	return all
}

// countBytes opens the services with an exporter's endpoint that counts and passes everything on to the Collector.
func (b *bench) countBytes(t *testing.T, c *Cost, rate float64) {
	t.Helper()
	counter, s := b.bytes, b.site
	if counter == nil {
		b.free(t)
		counter = newCounter(t, b.endpoint(t))
		s = b.open(t, setup{name: "counted", env: counter.env()})
		defer s.Close(t)
	}
	order, err := s.orders.PlaceAll(t.Context(), 1, "counted", "")
	if err != nil {
		t.Fatal(err)
	}
	c.Spans = b.spansOf(t, order[0].TraceID)
	before := counter.seen()
	report := s.load(t, ask{rate: rate, over: b.size.trial}, nil)
	time.Sleep(arriving)
	c.Bytes, c.BytesRate = map[string]float64{}, rate
	for signal, n := range counter.seen() {
		c.Bytes[signal] = float64(n-before[signal]) / float64(max(report.Placed, 1))
	}
	if c.Bytes["traces"] == 0 {
		t.Error("no span passed the counter")
	}
	t.Logf("%d spans and %.0f bytes of spans an order", c.Spans, c.Bytes["traces"])
}

// spansOf counts the spans of a trace once no more have come for three seconds. The trace may have a caller that has no span.
func (b *bench) spansOf(t *testing.T, traceID string) (n int) {
	t.Helper()
	changed := time.Now()
	systemtest.Eventually(t, time.Minute, "the trace "+traceID+" grows no more", func() bool {
		spans, err := b.Jaeger.Trace(t.Context(), traceID)
		if err != nil && !errors.Is(err, tracetree.ErrNotFound) {
			t.Fatalf("read the trace %s: %v", traceID, err)
		}
		if len(spans) != n {
			n, changed = len(spans), time.Now()
		}
		return n > 0 && time.Since(changed) > 3*time.Second
	})
	return n
}

// endpoint returns the address of the Collector.
func (b *bench) endpoint(t *testing.T) string {
	t.Helper()
	for _, variable := range b.Env {
		if address, ok := strings.CutPrefix(variable, "OTEL_EXPORTER_OTLP_ENDPOINT="); ok && strings.Contains(address, "127.0.0.1") {
			return address
		}
	}
	t.Fatal("the world has no Collector")
	return ""
}

// counter is a proxy that counts the bytes of requests by signal.
type counter struct {
	url string

	mu    sync.Mutex
	bytes map[string]int64
}

// env makes the services send their telemetry to the counter.
func (c *counter) env() []string { return []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.url} }

func newCounter(t *testing.T, target string) *counter {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{url: "http://" + listener.Addr().String(), bytes: map[string]int64{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = counted{r.Body, c, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]}
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return c
}

// counted is a body whose bytes are counted when they are read.
type counted struct {
	io.ReadCloser
	by     *counter
	signal string
}

func (b counted) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.by.mu.Lock()
	defer b.by.mu.Unlock()
	b.by.bytes[b.signal] += int64(n)
	return n, err
}

func (c *counter) seen() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.bytes)
}
