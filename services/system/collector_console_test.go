package system

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// otlpSink is a console that keeps the requests.
type otlpSink struct {
	mu    sync.Mutex
	spans map[string]int // by trace
	logs  int
	text  bytes.Buffer
}

func (s *otlpSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := inflated(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(body)
	switch r.URL.Path {
	case "/v1/traces":
		request := ptraceotlp.NewExportRequest()
		if err := request.UnmarshalProto(body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, resource := range request.Traces().ResourceSpans().All() {
			for _, scope := range resource.ScopeSpans().All() {
				for _, span := range scope.Spans().All() {
					s.spans[span.TraceID().String()]++
				}
			}
		}
	case "/v1/logs":
		request := plogotlp.NewExportRequest()
		if err := request.UnmarshalProto(body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.logs += request.Logs().LogRecordCount()
	default:
		http.Error(w, "no route for "+r.URL.Path, http.StatusNotFound)
	}
}

func inflated(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	reader, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// Every span and log record goes to Jaeger and to the console, without personal data.
func TestTheCollectorSendsToTheConsole(t *testing.T) {
	t.Parallel()
	sink := &otlpSink{spans: map[string]int{}}
	server := httptest.NewServer(sink)
	t.Cleanup(server.Close)
	o := startCollectorWith(t, server.URL)
	o.startJaeger(t)
	id, traces := deliverySpan("kept-span")
	o.send(t, "traces", must(ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()))
	o.send(t, "logs", must(plogotlp.NewExportRequestFromLogs(deliveryLog("kept-log")).MarshalProto()))
	o.await(t, "http://"+o.query+"/api/v3/traces/"+id, "kept-span")
	systemtest.Eventually(t, 20*time.Second, "the console has both", func() bool {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		return sink.spans[id] == 1 && sink.logs == 1
	})
	sink.mu.Lock()
	defer sink.mu.Unlock()
	if text := sink.text.String(); strings.Contains(text, street) || !strings.Contains(text, "kept-span") || !strings.Contains(text, "kept-log") {
		t.Errorf("the console gets %q", text)
	}
}

// The console is away, hangs, or refuses everything, while more spans come than its queue takes. Each span is in Jaeger once, no
// sender is refused, and none waits.
func TestJaegerGetsEverythingWithoutTheConsole(t *testing.T) {
	for name, console := range map[string]func(t *testing.T) string{
		"away": func(t *testing.T) string { t.Helper(); return "http://" + systemtest.FreeAddress(t) },
		"hangs": func(t *testing.T) string {
			t.Helper()
			listener, err := net.Listen("tcp", "127.0.0.1:0") // it accepts and never answers
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			return "http://" + listener.Addr().String()
		},
		"refuses": func(t *testing.T) string {
			t.Helper()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
			t.Cleanup(server.Close)
			return server.URL
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := startCollectorWith(t, console(t))
			o.startJaeger(t)
			o.send(t, "traces", must(ptraceotlp.NewExportRequestFromTraces(ptrace.NewTraces()).MarshalProto()))
			jaeger := tracetree.NewJaeger("http://"+o.query, nil)
			const requests, each = 60, 500 // three times what the queue of the console takes
			ids := make([]string, requests)
			var slowest time.Duration
			for n := range requests {
				var traces ptrace.Traces
				ids[n], traces = manySpans(each)
				began := time.Now()
				status, body := call(t.Context(), http.MethodPost, "http://"+o.otlp+"/v1/traces", must(ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()))
				slowest = max(slowest, time.Since(began))
				if status != "200 OK" || strings.Contains(body, "rejected") {
					t.Fatalf("request %d is answered with %s %s", n, status, body)
				}
			}
			for _, id := range ids {
				systemtest.Eventually(t, 30*time.Second, fmt.Sprintf("Jaeger has all spans of trace %s", id), func() bool {
					spans, err := jaeger.Trace(t.Context(), id)
					if len(spans) > each {
						t.Fatalf("trace %s has %d spans in Jaeger, want %d", id, len(spans), each)
					}
					return err == nil && len(spans) == each
				})
			}
			t.Logf("the slowest answer took %s", slowest)
			if slowest > 2*time.Second {
				t.Errorf("the slowest answer took %s", slowest)
			}
			awaitText(t, "otlphttp/console", o.collector.Out.String) // the log says that spans are dropped
		})
	}
}

// manySpans is a trace of so many spans.
func manySpans(count int) (id string, traces ptrace.Traces) {
	id, traces = deliverySpan("kept")
	spans := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for n := 1; n < count; n++ {
		span := spans.AppendEmpty()
		spans.At(0).CopyTo(span)
		span.SetSpanID([8]byte{1, byte(n >> 8), byte(n)})
	}
	return id, traces
}
