package systemtest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"traceria/services/host"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/scenario"
)

// House is the whole system, console included, under a supervisor that can stop each part. Scenarios run in it: it is their
// [scenario.Control].
type House struct {
	*Pizzeria
	// System is the House, as scenarios see it.
	System scenario.System
	t      *testing.T
}

// OpenHouse starts a House with two cooks: the scenarios count on them. prepare, if any, runs before.
func (w *World) OpenHouse(t *testing.T, prepare func(t *testing.T, p *Pizzeria)) *House {
	t.Helper()
	h := &House{t: t}
	h.Pizzeria = w.Open(t, prepare)
	h.Services["console"] = Supervise("console", h.Environment(t, "console"))
	h.dismissCooks()
	config := host.Config{URLs: map[string]string{}}
	for name, address := range h.Addresses {
		config.URLs[name] = "http://" + address
	}
	h.System = scenario.System{
		Order: orderclient.New(config.URLs["order"]), Services: config.URLs, Switches: scenario.NewSwitches(config.URLs["console"]),
		Jaeger: h.Jaeger, JaegerURL: "http://jaeger", PrometheusURL: "http://" + h.Metrics.Prometheus,
		Control: h, Journal: filepath.Join(h.Data, "scenario-run.json"), Ready: pizzeria.AllReady(config),
	}
	h.Await(t, time.Minute, "the system is ready", func() bool { return h.System.Ready(t.Context()) == nil })
	return h
}

// dismissCooks leaves the two cooks of the beginning.
func (h *House) dismissCooks() {
	for i := range h.Cooks(h.t) - 2 {
		h.Call(h.t, http.MethodPost, "staff", fmt.Sprintf("/staff/cook-%d/clock-out", i), nil)
	}
	h.Await(h.t, 20*time.Second, "two cooks are on duty", func() bool { return h.Cooks(h.t) == 2 })
}

// RunScenario runs a scenario, which must pass, and returns the details that it told.
func (h *House) RunScenario(t *testing.T, one *scenario.Scenario) string {
	t.Helper()
	told := &show{}
	runner := scenario.Runner{System: h.System, Show: told}
	results, err := runner.Run(t.Context(), one)
	if err != nil || !results[0].Passed {
		t.Fatalf("%v\n%s\n%s", err, told.text.String(), h.LastWords())
	}
	t.Logf("%s after %s%s", one.Name, results[0].Duration.Round(time.Millisecond), told.details.String())
	return told.details.String()
}

var _ scenario.Control = (*House)(nil)

// Name implements [scenario.Control].
func (h *House) Name() string { return "test" }

// Can implements [scenario.Control].
func (h *House) Can(context.Context, string) error { return nil }

// Restarts implements [scenario.Control].
func (h *House) Restarts(context.Context) error { return nil }

// Rights implements [scenario.Control].
func (h *House) Rights(context.Context, string) error { return nil }

// Stop implements [scenario.Control].
func (h *House) Stop(_ context.Context, part string) error {
	switch part {
	case "rabbitmq":
		return h.Broker.Stop()
	case "collector":
		h.KillPart(h.t, h.Collector) //nolint:contextcheck // the processes outlive the step
		return nil
	default:
		return h.Services[part].Stop()
	}
}

// Start implements [scenario.Control].
func (h *House) Start(_ context.Context, part string) error {
	switch part {
	case "rabbitmq":
		return h.Broker.Start() //nolint:contextcheck // the processes outlive the step
	case "collector":
		h.StartPart(h.t, h.Collector) //nolint:contextcheck // the processes outlive the step
	default:
		h.Services[part] = Supervise(part, h.Environment(h.t, part))
	}
	return nil
}

// Command implements [scenario.Control]. The tools are guest.
func (h *House) Command(ctx context.Context, _ string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(h.Environment(h.t, "order"), "AMQP_URL="+h.Broker.URL, "AMQP_PASSWORD_FILE=", "HTTP_ADDR=")
	return cmd
}

// show keeps what a run says.
type show struct{ text, details strings.Builder }

func (s *show) Begin(one *scenario.Scenario) { fmt.Fprintf(&s.text, "%s: %s\n", one.Name, one.Title) }

func (s *show) Step(number, of int, text string) {
	fmt.Fprintf(&s.text, "  %d/%d %s\n", number, of, text)
}

func (s *show) Detail(text string) {
	fmt.Fprintf(&s.text, "     %s\n", text)
	if strings.Contains(text, " after ") { // of an alert, or of a view that agrees
		fmt.Fprintf(&s.details, "; %s", text)
	}
}
func (s *show) Tree(r scenario.Reading) { fmt.Fprintf(&s.text, "%s\n", r.Difference) }
func (s *show) End(r scenario.Result) {
	fmt.Fprintf(&s.text, "%s: passed %t %s\n", r.Scenario, r.Passed, r.Error)
}
