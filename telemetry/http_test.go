package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"traceria/telemetry"
)

// watched is a service whose Collector answers.
func watched(t *testing.T) (*standIn, *telemetry.Telemetry, *lockedBuffer) {
	t.Helper()
	s := newStandIn(t)
	s.listen(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+s.address)
	log := &lockedBuffer{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", LogOutput: log})
	if err != nil {
		t.Fatal(err)
	}
	return s, tel, log
}

// The Host header is free text from the caller. It must not make a time series per value.
func TestACallerCannotMakeTimeSeries(t *testing.T) {
	s, tel, _ := watched(t)
	handler := tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for i := range 50 {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/menu", nil)
		r.Host = fmt.Sprintf("host-%d:%d", i, i+1)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, m := range s.metrics {
		if !strings.HasPrefix(m.Name(), "http.server.") || m.Type() != pmetric.MetricTypeHistogram {
			continue
		}
		found++
		points := m.Histogram().DataPoints()
		if points.Len() != 1 || points.At(0).Count() != 50 {
			t.Errorf("%s has %d time series", m.Name(), points.Len())
		}
		if bounds := points.At(0).ExplicitBounds(); m.Name() == "http.server.request.duration" && bounds.At(0) != 0.005 {
			t.Errorf("%s has lost the buckets of the conventions: %v", m.Name(), bounds.AsRaw())
		}
	}
	if found == 0 {
		t.Error("there is no metric of the server")
	}
}

func TestMetricsAreLimited(t *testing.T) {
	s, tel, _ := watched(t)
	counter, err := tel.MeterProvider.Meter("test").Int64Counter("pizzas")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		counter.Add(context.Background(), 1, metric.WithAttributes(attribute.Int("number", i)))
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	points := 0
	for _, m := range s.metrics {
		if m.Name() == "pizzas" {
			points = m.Sum().DataPoints().Len()
		}
	}
	if points == 0 || points > 1000 {
		t.Errorf("there are %d time series", points)
	}
}

func TestABadHeaderIsNoFailedDelivery(t *testing.T) {
	_, tel, log := watched(t)
	handler := tel.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for range 3 {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/menu", nil)
		r.Header.Set("baggage", "this is, no baggage;;")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Contains(text, "cannot export") || strings.Count(text, "OpenTelemetry reports an error") != 1 {
		t.Errorf("the log is %s", text)
	}
}

func TestMetricsThatAreNotDeliveredAreMentioned(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "none")
	t.Setenv("OTEL_LOGS_EXPORTER", "none")
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "20")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	log := &lockedBuffer{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", LogOutput: log})
	if err != nil {
		t.Fatal(err)
	}
	counter, err := tel.MeterProvider.Meter("test").Int64Counter("pizzas")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 1)
	(&standIn{}).seen(t, "the mention", func() bool { return strings.Contains(log.String(), "cannot export metrics") })
	_ = tel.Shutdown(t.Context())
}
