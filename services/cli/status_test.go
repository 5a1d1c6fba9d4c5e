package cli

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"traceria/services/host"
	"traceria/services/pizzeria"
)

// A wait that lasts says every few seconds which parts it waits for.
func TestStatusWaitSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	parts, err := choose(pizzeria.Parts(host.Config{CollectorURL: "http://127.0.0.1:1", JaegerURL: "http://127.0.0.1:1"}), []string{"collector", "jaeger"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := newStatusCommand()
	cmd.SetOut(&out)
	cmd.SetContext(t.Context())
	if err := status(cmd, parts, statusOptions{wait: true, timeout: 4 * time.Second}); err == nil {
		t.Fatal("nothing answers, and status --wait reports success")
	}
	if lines := regexp.MustCompile(`(?m)^waiting for collector, jaeger: \d s$`).FindAllString(out.String(), -1); len(lines) == 0 {
		t.Errorf("in 4 s it printed only:\n%s", &out)
	}
}
