package pizzeria

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"traceria/services/host"
	"traceria/services/load"
)

// Each service says what it has dropped, and the Collector what it could not bring to Jaeger. A part that does not answer is named.
func TestDroppedSpansAreAskedOfEachPart(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/order/readyz":
			_, _ = fmt.Fprint(w, `{"status":"ready","service":"order","telemetry":{"lostSpans":7,"lostRecords":100}}`)
		case "/kitchen/readyz":
			_, _ = fmt.Fprint(w, `{"status":"ready","service":"kitchen"}`)
		case "/metrics":
			_, _ = fmt.Fprint(w, `# HELP otelcol_exporter_send_failed_spans_total Number of spans
otelcol_exporter_send_failed_spans_total{exporter="otlphttp/jaeger",service_name="otelcol"} 30
otelcol_exporter_send_failed_spans_total{exporter="otlphttp/console",service_name="otelcol"} 900
otelcol_exporter_sent_spans_total{exporter="otlphttp/jaeger"} 5000
otelcol_exporter_send_failed_spans_total{exporter="debug"} 2
`)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprint(w, `{"title":"Not ready","detail":"no broker"}`)
		}
	}))
	t.Cleanup(server.Close)
	config := host.Config{URLs: map[string]string{}, CollectorMetricsURL: server.URL + "/metrics"}
	for _, service := range Services() {
		config.URLs[service.Name] = server.URL + "/" + service.Name
	}
	got := DroppedSpans(config)(t.Context())
	want := []load.Dropped{
		{Part: "order", Spans: 7},
		{Part: "kitchen"},
		{Part: "delivery", Unknown: "not ready: no broker"},
		{Part: "loyalty", Unknown: "not ready: no broker"},
		{Part: "staff", Unknown: "not ready: no broker"},
		{Part: "collector", Spans: 32},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	config.CollectorMetricsURL = server.URL + "/elsewhere"
	if last := DroppedSpans(config)(t.Context()); last[len(last)-1].Unknown != "answers 503" {
		t.Errorf("got %+v", last)
	}
}
