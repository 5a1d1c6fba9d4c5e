package telemetry_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// longestBatch is the longest message that a gRPC receiver takes by default, in bytes.
const longestBatch = 4 << 20

// standIn is a Collector that a test starts and stops at one address.
type standIn struct {
	address string
	server  *http.Server
	served  sync.WaitGroup

	mu      sync.Mutex
	answer  func(w http.ResponseWriter, r *http.Request) // nil accepts everything
	asked   int
	spans   map[string]bool // by id, so that a repeated export counts once
	records int
	metrics []pmetric.Metric
	keys    map[string]bool // of the attributes of all spans
	names   map[string]bool
}

// newStandIn chooses a free address. Nothing listens there until start.
func newStandIn(t testing.TB) *standIn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return &standIn{address: listener.Addr().String(), spans: map[string]bool{}, keys: map[string]bool{}, names: map[string]bool{}}
}

func (s *standIn) listen(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.server = &http.Server{Handler: s}
	s.served.Go(func() { _ = s.server.Serve(listener) })
	t.Cleanup(s.leave)
}

func (s *standIn) leave() {
	_ = s.server.Close()
	s.served.Wait()
}

func (s *standIn) behave(answer func(w http.ResponseWriter, r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.asked = answer, 0
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	answer := s.answer
	s.asked++
	s.mu.Unlock()
	if err != nil {
		return
	}
	if len(body) > longestBatch {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if answer != nil {
		answer(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(r.URL.Path, body)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (s *standIn) take(path string, body []byte) {
	traces, logs, metrics := ptraceotlp.NewExportRequest(), plogotlp.NewExportRequest(), pmetricotlp.NewExportRequest()
	switch {
	case path == "/v1/traces" && traces.UnmarshalProto(body) == nil:
		for _, resource := range traces.Traces().ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					s.spans[span.SpanID().String()], s.names[span.Name()] = true, true
					for key := range span.Attributes().All() {
						s.keys[key] = true
					}
				}
			}
		}
	case path == "/v1/logs" && logs.UnmarshalProto(body) == nil:
		s.records += logs.Logs().LogRecordCount()
	case path == "/v1/metrics" && metrics.UnmarshalProto(body) == nil:
		for _, resource := range metrics.Metrics().ResourceMetrics().All() {
			for _, scope := range resource.ScopeMetrics().All() {
				for _, metric := range scope.Metrics().All() {
					s.metrics = append(s.metrics, metric)
				}
			}
		}
	}
}

// seen waits until holds returns true, which it calls under the stand-in's lock.
func (s *standIn) seen(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.After(time.Minute); ; {
		s.mu.Lock()
		ok := condition()
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-end:
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// dropped is the last value of traceria.telemetry.dropped, by signal.
func (s *standIn) dropped() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]int64{}
	for _, metric := range s.metrics {
		if metric.Name() == "traceria.telemetry.dropped" {
			for _, point := range metric.Sum().DataPoints().All() {
				signal, _ := point.Attributes().Get("signal")
				found[signal.Str()] = point.IntValue()
			}
		}
	}
	return found
}

// outage is a service whose Collector does not run.
func outage(t *testing.T) (*standIn, *telemetry.Telemetry, *lockedBuffer) {
	t.Helper()
	s := newStandIn(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+s.address)
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100")
	t.Setenv("OTEL_BLRP_MAX_QUEUE_SIZE", "20")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "3600000") // at the end only
	for _, name := range []string{"OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BLRP_EXPORT_TIMEOUT"} {
		t.Setenv(name, "3600000") // no timeout on a slow machine
	}
	log := &lockedBuffer{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", LogOutput: log})
	if err != nil {
		t.Fatal(err)
	}
	return s, tel, log
}

func work(t testing.TB, tel *telemetry.Telemetry, n int) {
	t.Helper()
	tracer := tel.TracerProvider.Tracer("test")
	for range n {
		ctx, span := tracer.Start(t.Context(), "cook", trace.WithAttributes(attribute.String("dish", "margherita")))
		tel.Log.Debug().Ctx(ctx).Msg("cooking")
		span.End()
	}
}

// Received and dropped items add up to all items while the Collector is stopped, accepts connections without an answer, closes
// them, and runs again.
func TestEverySpanAndRecordEitherComesOrIsCounted(t *testing.T) {
	s, tel, log := outage(t)
	work(t, tel, 1000) // nothing listens

	hang := make(chan struct{})
	s.behave(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	})
	s.listen(t)
	s.seen(t, "an export that hangs", func() bool { return s.asked > 0 })
	work(t, tel, 1000) // must not block here

	s.behave(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	close(hang)
	s.seen(t, "two exports that are cut off", func() bool { return s.asked > 1 })
	work(t, tel, 1000)
	s.behave(nil)
	s.seen(t, "all for which there was room", func() bool { return len(s.spans) == 100 && s.records >= 20 })

	ended := 3000
	s.seen(t, "a span and a record that were ended after the outage", func() bool { // at first the queues may still be full
		work(t, tel, 1)
		ended++
		return len(s.spans) > 100 && s.records > 20
	})
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	dropped := s.dropped()
	if came := len(s.spans); dropped["traces"] != int64(ended-came) {
		t.Errorf("of %d spans %d came, and the metric says that %d were lost", ended, came, dropped["traces"])
	}
	written := strings.Count(log.String(), "\n")
	if came := int64(s.records); came+dropped["logs"] != int64(written) {
		t.Errorf("of %d log lines %d came, and the metric says that %d were lost", written, came, dropped["logs"])
	}
	checkLines(t, log, dropped["traces"])
}

// checkLines checks the log lines about the outage: one at its start, and one at its end with the number of lost spans.
func checkLines(t *testing.T, log *lockedBuffer, lost int64) {
	t.Helper()
	var begins, ends int
	for text := range strings.Lines(log.String()) {
		var line struct {
			Message string
			Lost    int64 `json:"lost_spans"`
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(line.Message, "cannot export telemetry"):
			begins++
		case line.Message == "telemetry is exported again":
			ends++
			if line.Lost != lost {
				t.Errorf("the log says that %d spans were lost, want %d", line.Lost, lost)
			}
		}
	}
	if begins == 0 || ends != 1 {
		t.Errorf("the log says %d times that it begins and %d times that it ends:\n%s", begins, ends, log)
	}
}

// The size of the queue bounds the memory. This test measures the memory.
func TestAnOutageTakesNoMoreMemoryThanTheQueue(t *testing.T) {
	_, tel, _ := outage(t)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	end := func(n int) {
		tracer := tel.TracerProvider.Tracer("test")
		for range n {
			_, span := tracer.Start(t.Context(), "cook", trace.WithAttributes(attribute.String("dish", strings.Repeat("x", 1000))))
			span.End()
		}
	}
	end(200)
	before := heap()
	end(20_000) // would be 40 MB if all were kept
	if after := heap(); after > before+8<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
	_ = tel.Shutdown(t.Context())
}
