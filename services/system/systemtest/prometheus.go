package systemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Metrics has the addresses of what Prometheus collects, and its own.
type Metrics struct{ Services, Collector, Jaeger, Prometheus string }

// FreeMetrics reserves the addresses.
func FreeMetrics(t *testing.T) Metrics {
	t.Helper()
	return Metrics{FreeAddress(t), FreeAddress(t), FreeAddress(t), FreeAddress(t)}
}

// garbage is GOGC of the Collector and Jaeger in make up and Compose.
const garbage = "GOGC=400"

// ForCollector returns the environment of a Collector.
func (m Metrics) ForCollector() []string {
	return []string{garbage, "COLLECTOR_PROMETHEUS=" + m.Services, "COLLECTOR_METRICS_PORT=" + port(m.Collector)}
}

// ForJaeger returns the environment of a Jaeger. Its Monitor tab asks Prometheus.
func (m Metrics) ForJaeger() []string {
	return []string{garbage, "GOMEMLIMIT=900MiB", "JAEGER_METRICS_PORT=" + port(m.Jaeger), "PROMETHEUS_URL=http://" + m.Prometheus}
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// UpWithPrometheus is Up with a Prometheus, and with a RabbitMQ that has metrics. All tests of a package use the same one of
// both.
func UpWithPrometheus(t *testing.T) *System {
	t.Helper()
	skipShort(t)
	theSystem.prometheus = true
	return Up(t)
}

// AsStored is for a Prometheus with the files as they are.
func AsStored(_, text string) string { return text }

// startPrometheus starts Prometheus with the configuration of make up, as edited, and the addresses of this system.
func (s *System) startPrometheus(t *testing.T, edit func(name, text string) string) {
	t.Helper()
	broker, err := url.Parse(s.Broker.MetricsURL)
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]string{}
	for name, address := range map[string]string{
		"services": s.Metrics.Services, "collector": s.Metrics.Collector, "jaeger": s.Metrics.Jaeger,
		"prometheus": s.Metrics.Prometheus, "rabbitmq": broker.Host,
	} {
		targets[name] = fmt.Sprintf("- targets: [%q]\n", address)
	}
	s.RunPrometheus(t, edit, targets)
}

// RunPrometheus starts Prometheus at s.Metrics.Prometheus with the configuration of make up, as edited, and these texts of
// dashboards/targets/NAME.yml.
func (s *System) RunPrometheus(t *testing.T, edit func(name, text string) string, targets map[string]string) {
	t.Helper()
	binary, err := exec.LookPath("prometheus")
	if err != nil {
		t.Fatalf("no Prometheus found: on Debian or Ubuntu run 'apt-get install -y prometheus': %v", err)
	}
	dir, err := os.MkdirTemp("", "traceria-prometheus-") //nolint:usetesting // the folder outlives the test that creates it
	if err != nil {
		t.Fatal(err)
	}
	s.cleanup = append(s.cleanup, func() { _ = os.RemoveAll(dir) })
	for _, name := range []string{"prometheus.yml", "rules/traceria.yml"} {
		text, err := os.ReadFile(InRepository(t, "dashboards/"+name))
		if err != nil {
			t.Fatal(err)
		}
		writeBelow(t, dir, name, edit(name, string(text)))
	}
	for name, text := range targets {
		writeBelow(t, dir, "targets/"+name+".yml", text)
	}
	links := []string{"CONSOLE_PUBLIC_URL=http://" + s.Addresses["console"], "GRAFANA_PUBLIC_URL=http://localhost:3000"}
	s.Launch(t, "prometheus", links, binary, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+s.Metrics.Prometheus,
		"--enable-feature=exemplar-storage,expand-external-labels", "--log.level=warn")
}

func writeBelow(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // no secret
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // no secret
		t.Fatal(err)
	}
}

// Sample is one series of the result of a query.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Query runs a query in Prometheus, for now. A query without data returns no sample.
func (s *System) Query(ctx context.Context, promQL string) ([]Sample, error) {
	var found struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	if err := s.askPrometheus(ctx, "/api/v1/query", url.Values{"query": {promQL}}, &found); err != nil {
		return nil, err
	}
	var samples []Sample
	for _, one := range found.Result {
		text, _ := one.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("the result of %s: %w", promQL, err)
		}
		samples = append(samples, Sample{one.Metric, value})
	}
	return samples, nil
}

// Exemplars returns the ids of the traces that the series of a query lead to, of the last ten minutes.
func (s *System) Exemplars(ctx context.Context, promQL string) (traces []string, err error) {
	var found []struct {
		Exemplars []struct{ Labels map[string]string }
	}
	now := time.Now()
	values := url.Values{"query": {promQL}, "start": {stamp(now.Add(-10 * time.Minute))}, "end": {stamp(now)}}
	if err := s.askPrometheus(ctx, "/api/v1/query_exemplars", values, &found); err != nil {
		return nil, err
	}
	for _, series := range found {
		for _, exemplar := range series.Exemplars {
			traces = append(traces, exemplar.Labels["trace_id"])
		}
	}
	return traces, nil
}

func stamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// askPrometheus reads the data of an answer into result.
func (s *System) askPrometheus(ctx context.Context, path string, values url.Values, result any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Metrics.Prometheus+path+"?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	answer := struct {
		Status, Error string
		Data          any
	}{Data: result}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status != "success" {
		return fmt.Errorf("prometheus, %s: %s %.200s (%w)", values.Get("query"), answer.Error, body, err)
	}
	return nil
}
