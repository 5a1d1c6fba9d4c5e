package console

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// anyCollector is the configuration of a Collector that knows nothing of the console.
const anyCollector = `
receivers: {otlp: {protocols: {http: {endpoint: %s}}}}
exporters: {nop: {}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
`

// The lines of the console's README, added to any Collector, show its spans in a console that runs alone.
func TestAnyCollectorFeedsTheConsole(t *testing.T) {
	binary := systemtest.JaegerBinary(t)
	base := alone(t)
	page, err := os.ReadFile(systemtest.InRepository(t, "services/console/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, lines, found := strings.Cut(string(page), "```yaml\n")
	lines, _, closed := strings.Cut(lines, "```")
	if !found || !closed || !strings.Contains(lines, "http://127.0.0.1:8080") {
		t.Fatalf("the README has no lines for a Collector: %q", lines)
	}
	lines = strings.ReplaceAll(lines, "http://127.0.0.1:8080", base)
	folder, address := t.TempDir(), systemtest.FreeAddress(t)
	for name, text := range map[string]string{"any.yaml": fmt.Sprintf(anyCollector, address), "console.yaml": lines} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	collector := exec.CommandContext(t.Context(), binary, "--config", filepath.Join(folder, "any.yaml"), "--config", filepath.Join(folder, "console.yaml"))
	var output systemtest.Buffer
	collector.Stdout, collector.Stderr = &output, &output
	if err := collector.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = collector.Process.Kill(); _ = collector.Wait() })
	body := string(request(t, orderSpans("from-any-collector", time.Now())))
	systemtest.Eventually(t, 20*time.Second, "the Collector takes spans\n"+output.String(), func() bool {
		response, err := http.Post("http://"+address+"/v1/traces", "application/x-protobuf", strings.NewReader(body))
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	systemtest.Eventually(t, 20*time.Second, "the console has the journey", func() bool {
		status, _ := send(t, http.MethodGet, base+"/api/journeys/from-any-collector", "")
		return status == http.StatusOK
	})
}
