package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"traceria/services/host"
	"traceria/services/pizzeria"
)

// A wait that lasts says every few seconds which parts it waits for.
func TestStatusWaitSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	parts, err := chooseParts(pizzeria.Parts(host.Config{CollectorURL: "http://127.0.0.1:1", JaegerURL: "http://127.0.0.1:1"}), []string{"collector", "jaeger"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := newStatusCommand()
	cmd.SetOut(&out)
	cmd.SetContext(t.Context())
	if err := printStatus(cmd, parts, statusOptions{wait: true, timeout: 4 * time.Second}); err == nil {
		t.Fatal("nothing answers, and status --wait reports success")
	}
	if lines := regexp.MustCompile(`(?m)^waiting for collector, jaeger: \d s$`).FindAllString(out.String(), -1); len(lines) == 0 {
		t.Errorf("in 4 s it printed only:\n%s", &out)
	}
}

// A reason of several lines does not break the table.
func TestStatusPrintsOneLinePerPart(t *testing.T) {
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"status", "order"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"title":"Not ready","detail":"no broker\nno queue"}`))
	}))
	defer server.Close()
	t.Setenv("ORDER_URL", server.URL)
	if err := root.ExecuteContext(t.Context()); err == nil {
		t.Error("a part that is not healthy does not fail the command")
	}
	if lines := strings.Count(out.String(), "\n"); lines != 1 || !strings.Contains(out.String(), "no broker; no queue") {
		t.Errorf("%d lines:\n%s", lines, out.String())
	}
}

// The system works without Prometheus and Grafana. They fail the command only if it is about them.
func TestStatusDoesNotNeedTheOptionalParts(t *testing.T) {
	t.Parallel()
	all := pizzeria.Parts(host.Config{PrometheusURL: "http://127.0.0.1:1", GrafanaURL: "http://127.0.0.1:1"})
	var optional []pizzeria.Part
	for _, part := range all {
		if part.Optional {
			optional = append(optional, part)
		}
	}
	status := func(parts []pizzeria.Part) (string, error) {
		var out bytes.Buffer
		cmd := newStatusCommand()
		cmd.SetOut(&out)
		cmd.SetContext(t.Context())
		err := printStatus(cmd, parts, statusOptions{})
		return out.String(), err
	}
	out, err := status(optional)
	if err != nil || strings.Count(out, "not running") != 2 || !strings.Contains(out, "grafana") {
		t.Errorf("%v\n%s", err, out)
	}
	named, err := chooseParts(all, []string{"prometheus"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := status(named); err == nil || !strings.Contains(out, "prometheus NOT healthy") {
		t.Errorf("prometheus is named and away: %v\n%s", err, out)
	}
}
