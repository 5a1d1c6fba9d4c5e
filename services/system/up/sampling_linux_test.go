package up

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// otelcolProgram returns the Collector that the tests use.
func otelcolProgram(t *testing.T) string {
	t.Helper()
	path := os.Getenv("OTELCOL_BIN")
	if path == "" {
		path = "../../../bin/otelcol"
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("there is no Collector: run make build-otelcol, or set OTELCOL_BIN: %v", err)
	}
	return string(program)
}

// samplingIsAChoice starts the system with the Collector that samples. It keeps the order with a failure.
func samplingIsAChoice(t *testing.T, h house, program string) {
	t.Helper()
	out, code := h.with("TRACERIA_COLLECTOR=tier1").make(t, "up").end(t)
	contains(t, out, `TRACERIA_COLLECTOR is "tier1"`, "Nothing was started.")
	if code == 0 {
		t.Error("make up succeeds with a choice that there is not")
	}
	h.write(t, "bin/otelcol", program, 0o700)
	h = h.with("TRACERIA_COLLECTOR=sampling", "COLLECTOR_DECISION_WAIT=2s", "COLLECTOR_SHARE_PERCENT=0", "COLLECTOR_SLOW_HOP=1h")
	if out, code := h.make(t, "up").end(t); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	out, code = h.with("TRACERIA_COLLECTOR=").make(t, "up").end(t)
	contains(t, out, "traceria is already running with TRACERIA_COLLECTOR=sampling.", "make down, then make up, starts it.")
	if code == 0 {
		t.Error("make up succeeds although another Collector runs")
	}
	if out, code := h.make(t, "up").end(t); code != 0 || !strings.Contains(out, "traceria is already running\n") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	dull, kept := buyOne(t, h), buyOne(t, h, "--failure", "kitchen.error=once")
	deadline := time.Now().Add(30 * time.Second)
	for {
		out, err := h.try(t.Context(), "bin/traceria", "trace", kept)
		if err == nil && strings.Contains(out, "order.order-delivered") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the order with a failure is not kept: %v\n%s", err, out)
		}
		time.Sleep(250 * time.Millisecond)
	}
	if out, err := h.try(t.Context(), "bin/traceria", "trace", dull); err == nil {
		t.Errorf("the order without a reason is kept:\n%s", out)
	}
	downEndsEverything(t, h)
}

// buyOne places an order and returns its id.
func buyOne(t *testing.T, h house, more ...string) string {
	t.Helper()
	var order struct{ OrderID string }
	out := h.run(t, 0, "bin/traceria", append([]string{"buy", "--json"}, more...)...)
	if err := json.Unmarshal([]byte(out), &order); err != nil || order.OrderID == "" {
		t.Fatalf("%v\n%s", err, out)
	}
	return order.OrderID
}
