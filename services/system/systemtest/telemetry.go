package systemtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"traceria/telemetry/tracetree"
)

// StartTelemetry starts a Jaeger and a Collector for s and returns the environment that the services need for them.
func StartTelemetry(t *testing.T, s *System) []string {
	t.Helper()
	binary := JaegerBinary(t)
	query, otlpHTTP := FreeAddress(t), FreeAddress(t)
	s.Metrics = FreeMetrics(t)
	s.Launch(t, "jaeger", append(s.Metrics.ForJaeger(),
		"JAEGER_OTLP_GRPC="+FreeAddress(t), "JAEGER_OTLP_HTTP="+otlpHTTP,
		"JAEGER_QUERY_HTTP="+query, "JAEGER_QUERY_GRPC="+FreeAddress(t),
	), binary, "--config", InRepository(t, "collector/jaeger.yaml"))
	collector := FreeAddress(t)
	s.Launch(t, "collector", append(s.Metrics.ForCollector(),
		"COLLECTOR_OTLP_GRPC="+FreeAddress(t), "COLLECTOR_OTLP_HTTP="+collector,
		"JAEGER_OTLP_ENDPOINT=http://"+otlpHTTP, s.consoleOTLP(t),
	), binary, "--config", InRepository(t, "collector/collector.yaml"))
	s.Jaeger = tracetree.NewJaeger("http://"+query, nil)
	return []string{
		"JAEGER_URL=http://" + query, "PROMETHEUS_URL=http://" + s.Metrics.Prometheus,
		"COLLECTOR_METRICS_URL=http://" + s.Metrics.Collector + "/metrics", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + collector,
	}
}

// consoleOTLP returns the Collector's variable for the console, and reserves the console's address. Without it a test would send
// its spans to the console that a developer runs on port 8080.
func (s *System) consoleOTLP(t *testing.T) string {
	t.Helper()
	if s.Addresses == nil {
		s.Addresses = map[string]string{}
	}
	if s.Addresses["console"] == "" {
		s.Addresses["console"] = FreeAddress(t)
	}
	return "CONSOLE_OTLP_ENDPOINT=http://" + s.Addresses["console"]
}

// JaegerBinary returns the path of the jaeger program: JAEGER_BIN, else the one on PATH, else bin/jaeger.
func JaegerBinary(t *testing.T) string {
	t.Helper()
	skipShort(t)
	candidates := []string{os.Getenv("JAEGER_BIN")}
	if path, err := exec.LookPath("jaeger"); err == nil {
		candidates = append(candidates, path)
	}
	for _, path := range append(candidates, InRepository(t, "bin/jaeger")) {
		if info, err := os.Stat(path); path != "" && err == nil && !info.IsDir() {
			absolute, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return absolute
		}
	}
	t.Fatal("no Jaeger found: run `make build-jaeger`, or set JAEGER_BIN")
	return ""
}

// OtelcolBinary returns the path of the Collector with the components of the sampling configurations: OTELCOL_BIN, else
// bin/otelcol.
func OtelcolBinary(t *testing.T) string {
	t.Helper()
	skipShort(t)
	path := os.Getenv("OTELCOL_BIN")
	if path == "" {
		path = InRepository(t, "bin/otelcol")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no Collector found: run `make build-otelcol`, or set OTELCOL_BIN: %v", err)
	}
	return path
}
