package telemetry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"traceria/telemetry"
)

// collector receives OTLP over HTTP.
type collector struct {
	mu     sync.Mutex
	logs   []plogotlp.ExportRequest
	traces []ptraceotlp.ExportRequest
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	logs, traces := plogotlp.NewExportRequest(), ptraceotlp.NewExportRequest()
	switch {
	case r.URL.Path == "/v1/logs" && logs.UnmarshalProto(body) == nil:
		c.logs = append(c.logs, logs)
	case r.URL.Path == "/v1/traces" && traces.UnmarshalProto(body) == nil:
		c.traces = append(c.traces, traces)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// exported runs use with telemetry that exports to a collector, and returns the collector after the shutdown.
func exported(t *testing.T, use func(*telemetry.Telemetry)) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "kitchen", Version: "1.2.3", LogOutput: &lockedBuffer{}})
	if err != nil {
		t.Fatal(err)
	}
	use(tel)
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return c
}

func TestALogLineBecomesALogRecordOfItsSpan(t *testing.T) {
	var traceID, spanID string
	before := time.Now()
	c := exported(t, func(tel *telemetry.Telemetry) {
		ctx, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "cook")
		defer span.End()
		traceID, spanID = span.SpanContext().TraceID().String(), span.SpanContext().SpanID().String()
		tel.Log.Warn().Ctx(telemetry.WithConversation(ctx, "o-1")).Int("pieces", 3).Bool("hot", true).Strs("with", []string{"basil"}).Msg("burnt")
	})
	if len(c.logs) != 1 {
		t.Fatalf("%d exports, want one", len(c.logs))
	}
	resource := c.logs[0].Logs().ResourceLogs().At(0)
	record := resource.ScopeLogs().At(0).LogRecords().At(0)
	got := map[string]any{
		"body": record.Body().Str(), "severity": record.SeverityText(), "number": record.SeverityNumber().String(),
		"trace": record.TraceID().String(), "span": record.SpanID().String(), "attributes": record.Attributes().AsRaw(),
	}
	want := map[string]any{
		"body": "burnt", "severity": "warn", "number": "Warn", "trace": traceID, "span": spanID,
		"attributes": map[string]any{"pieces": 3.0, "hot": true, "with": `["basil"]`, "conversation": "o-1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if at := record.Timestamp().AsTime(); at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("the record is of %s", at)
	}
	if name, _ := resource.Resource().Attributes().Get("service.name"); name.Str() != "kitchen" {
		t.Errorf("service.name is %q", name.Str())
	}
}

func TestSpansAreFlushedWhenTheServiceStops(t *testing.T) {
	c := exported(t, func(tel *telemetry.Telemetry) {
		_, span := tel.TracerProvider.Tracer("test").Start(telemetry.WithConversation(t.Context(), "o-1"), "cook")
		span.End()
	})
	if len(c.traces) != 1 {
		t.Fatalf("%d exports, want one", len(c.traces))
	}
	resource := c.traces[0].Traces().ResourceSpans().At(0)
	attributes := resource.Resource().Attributes().AsRaw()
	for key, want := range map[string]string{"service.name": "kitchen", "service.version": "1.2.3", "service.namespace": "traceria"} {
		if attributes[key] != want {
			t.Errorf("%s is %v, want %s", key, attributes[key], want)
		}
	}
	span := resource.ScopeSpans().At(0).Spans().At(0)
	if got, _ := span.Attributes().Get("traceria.conversation"); span.Name() != "cook" || got.Str() != "o-1" {
		t.Errorf("the span is %s in %s", span.Name(), got.Str())
	}
}

// A service must not wait for a Collector, and must not fail without one.
func TestACollectorThatIsAwayHoldsUpNobodyAndIsMentionedOnce(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	t.Setenv("OTEL_LOGS_EXPORTER", "none")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "100")
	t.Setenv("OTEL_BSP_EXPORT_TIMEOUT", "100")
	log := &lockedBuffer{}
	began := time.Now()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", LogOutput: log})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the start took %s", took)
	}
	for range 3 {
		_, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "span")
		span.End()
	}
	const mention = "cannot export telemetry"
	for end := time.After(20 * time.Second); !strings.Contains(log.String(), mention); {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-end:
			t.Fatalf("it is not mentioned:\n%s", log)
		}
	}
	_, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "another")
	span.End()
	_ = tel.Shutdown(t.Context()) // the error counts what was lost
	if n := strings.Count(log.String(), mention); n != 1 {
		t.Errorf("it is mentioned %d times:\n%s", n, log)
	}
}
