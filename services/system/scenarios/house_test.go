package scenarios

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
	"traceria/services/system/systemtest"
)

// house is the whole system under a supervisor that can stop each part.
type house struct {
	*systemtest.Pizzeria
	t      *testing.T
	system scenario.System
}

func open(t *testing.T) *house {
	t.Helper()
	w := systemtest.StartWorld(t)
	h := &house{t: t}
	h.Pizzeria = w.Open(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		p.WatchTopology(t)
		p.More["kitchen"] = []string{"KITCHEN_COOKING_TIME=150ms"}
		p.More["delivery"] = []string{"DELIVERY_DRIVING_TIME=50ms"}
	})
	h.Services["console"] = systemtest.Supervise("console", h.Environment(t, "console"))
	h.dismissCooks()
	config := host.Config{URLs: map[string]string{}}
	for name, address := range h.Addresses {
		config.URLs[name] = "http://" + address
	}
	h.system = scenario.System{
		Order: orderclient.New(config.URLs["order"]), Services: config.URLs, Switches: scenario.NewSwitches(config.URLs["console"]),
		Jaeger: h.Jaeger, JaegerURL: "http://jaeger", Control: h, Journal: filepath.Join(h.Data, "scenario-run.json"),
		Ready: pizzeria.AllReady(config),
	}
	h.Await(t, time.Minute, "the system is ready", func() bool { return h.system.Ready(t.Context()) == nil })
	return h
}

// dismissCooks leaves the two cooks of the beginning: the scenarios count on them.
func (h *house) dismissCooks() {
	for i := range h.Cooks(h.t) - 2 {
		h.Call(h.t, http.MethodPost, "staff", fmt.Sprintf("/staff/cook-%d/clock-out", i), nil)
	}
	h.Await(h.t, 20*time.Second, "two cooks are on duty", func() bool { return h.Cooks(h.t) == 2 })
}

// Name implements scenario.Control.
func (h *house) Name() string { return "test" }

// Can implements scenario.Control.
func (h *house) Can(context.Context, string) error { return nil }

// Restarts implements scenario.Control.
func (h *house) Restarts(context.Context) error { return nil }

// Rights implements scenario.Control.
func (h *house) Rights(context.Context, string) error { return nil }

// Stop implements scenario.Control.
func (h *house) Stop(_ context.Context, part string) error {
	if part == "rabbitmq" {
		return h.Broker.Stop()
	}
	return h.Services[part].Stop()
}

// Start implements scenario.Control.
func (h *house) Start(_ context.Context, part string) error {
	if part == "rabbitmq" {
		return h.Broker.Start()
	}
	h.Services[part] = systemtest.Supervise(part, h.Environment(h.t, part))
	return nil
}

// Command implements scenario.Control. The tools are guest.
func (h *house) Command(ctx context.Context, _ string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(h.Environment(h.t, "order"), "AMQP_URL="+h.Broker.URL, "AMQP_PASSWORD_FILE=", "HTTP_ADDR=")
	return cmd
}

// show writes what a run prints into the log of the test.
type show struct {
	t    *testing.T
	text strings.Builder
}

func (s *show) Begin(one *scenario.Scenario) { fmt.Fprintf(&s.text, "%s: %s\n", one.Name, one.Title) }

func (s *show) Step(number, of int, text string) {
	fmt.Fprintf(&s.text, "  %d/%d %s\n", number, of, text)
}
func (s *show) Detail(text string)      { fmt.Fprintf(&s.text, "     %s\n", text) }
func (s *show) Tree(r scenario.Reading) { fmt.Fprintf(&s.text, "%s\n", r.Difference) }
func (s *show) End(r scenario.Result) {
	fmt.Fprintf(&s.text, "%s: passed %t %s\n", r.Scenario, r.Passed, r.Error)
}
