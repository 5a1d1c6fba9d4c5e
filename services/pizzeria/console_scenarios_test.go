package pizzeria

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/console"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/order/orderclient"
	"traceria/services/scenario"
	"traceria/telemetry/tracetree"
)

// waiting is a scenario that sets a switch and waits for an order. It runs no command of traceria, which would be this test.
const waiting = "poison"

// stage is a console's scenarios before an order service that never delivers.
type stage struct {
	*scenarios
	system scenario.System
	flags  failure.File
	stop   func() // ends the life of the service, and waits for all work
}

func newStage(t *testing.T) *stage {
	t.Helper()
	var orders atomic.Int64 // requests come at once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := orders.Load()
		if r.Method == http.MethodPost {
			number = orders.Add(1)
			w.WriteHeader(http.StatusAccepted)
		}
		_, _ = fmt.Fprintf(w, `{"orderId":"o-%d","orderNumber":"ORD%d","traceId":"t","status":"created"}`, number, number)
	}))
	t.Cleanup(server.Close)
	prometheus := httptest.NewServer(http.HandlerFunc(knowsEveryAlert))
	t.Cleanup(prometheus.Close)
	folder := t.TempDir()
	g := &stage{flags: failure.File{Path: filepath.Join(folder, "flags.json")}}
	g.system = scenario.System{
		Order: orderclient.New(server.URL), Services: map[string]string{"order": server.URL}, Switches: scenario.FileSwitches(g.flags),
		Jaeger: tracetree.NewJaeger(server.URL, nil), PrometheusURL: prometheus.URL, Control: scenario.FindControl(t.Context(), "http://127.0.0.1:1", "amqp://console@127.0.0.1/"),
		Journal: filepath.Join(folder, "scenario-run-none.json"), Ready: func(context.Context) error { return nil },
	}
	g.scenarios = newScenarios(&host.Host{Config: host.Config{Flags: g.flags}})
	g.running = func(context.Context) scenario.System { return g.system }
	life, end := context.WithCancel(t.Context())
	worked := make(chan struct{})
	go func() { g.Work(life); close(worked) }()
	g.stop = func() { end(); <-worked }
	t.Cleanup(g.stop)
	g.until(t, "the console works", func() bool { return g.begin(func(context.Context) {}) == nil })
	return g
}

// knowsEveryAlert answers as a Prometheus whose alerts are inactive.
func knowsEveryAlert(w http.ResponseWriter, _ *http.Request) {
	var rules []map[string]string
	for _, one := range scenario.All() {
		for _, name := range one.Alerts() {
			rules = append(rules, map[string]string{"name": name, "health": "ok"})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"groups": []any{map[string]any{"rules": rules}}}})
}

// until waits for a condition.
func (g *stage) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// active returns the keys that are on.
func (g *stage) active(t *testing.T) (keys []failure.Key) {
	t.Helper()
	all, err := g.flags.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range all {
		if status.Active != nil {
			keys = append(keys, status.Key)
		}
	}
	return keys
}

// A run that is cancelled puts its switches back and says so. Meanwhile no other run begins.
func TestACancelledRunPutsItsSwitchesBack(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	if g.Current() != nil {
		t.Fatal("there is a run before the first one")
	}
	changed := g.Changed()
	if err := g.Start(t.Context(), waiting); err != nil {
		t.Fatal(err)
	}
	<-changed
	g.until(t, "the order is awaited", func() bool { return len(g.active(t)) > 0 && g.Current().Step > 1 })
	now := g.Current()
	if !now.Running || now.Scenario != waiting || now.Of == 0 || len(now.Lines) == 0 || now.Lines[0].Detail {
		t.Errorf("the run is %+v", now)
	}
	if err := g.Start(t.Context(), "happy-path"); !errors.Is(err, console.ErrBusy) {
		t.Errorf("a second run: %v", err)
	}
	if _, err := g.StartMystery(t.Context(), 1, 1); !errors.Is(err, console.ErrBusy) {
		t.Errorf("a mystery during a run: %v", err)
	}
	g.Cancel()
	g.until(t, "the run has ended", func() bool { return !g.Current().Running })
	if run := g.Current(); run.Passed || !strings.Contains(run.Error, "cancelled") || run.Seconds == 0 {
		t.Errorf("the run is %+v", run)
	}
	if on := g.active(t); len(on) > 0 {
		t.Errorf("%v is still on", on)
	}
}

// The console puts back what a run has changed before it ends. It begins nothing afterwards.
func TestTheStopOfTheConsoleEndsTheRun(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	if err := g.Start(t.Context(), waiting); err != nil {
		t.Fatal(err)
	}
	g.until(t, "a switch is on", func() bool { return len(g.active(t)) > 0 })
	began := time.Now()
	g.stop()
	if took := time.Since(began); took > stopTime+time.Second {
		t.Errorf("the stop took %s", took)
	}
	if on := g.active(t); len(on) > 0 || g.Current().Running {
		t.Errorf("%v is still on after %+v", on, g.Current())
	}
	if err := g.Start(t.Context(), waiting); err == nil || errors.Is(err, console.ErrBusy) {
		t.Errorf("a run after the stop: %v", err)
	}
}

// A run of the command line holds the same lock.
func TestARunOfTheCommandLineMakesTheConsoleBusy(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	ctx, cancel := context.WithCancel(t.Context())
	record, ended := g.record(&scenario.Scenario{}), make(chan struct{})
	happy, err := scenario.Find("happy-path")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(ended)
		runner := scenario.Runner{System: g.system, Show: record}
		_, _ = runner.Run(ctx, happy)
	}()
	<-record.begun
	if err := g.Start(t.Context(), "happy-path"); !errors.Is(err, console.ErrBusy) {
		t.Errorf("got %v", err)
	}
	if g.Current() != nil {
		t.Errorf("the refused run is listed: %+v", g.Current())
	}
	cancel()
	<-ended
}

// What cannot run here is refused before anything is touched, with the command that can run it.
func TestTheConsoleRefusesWhatItCannotRun(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	refused := map[string]string{}
	for _, one := range g.List() {
		if one.Title == "" || one.Steps == 0 && one.Name != conformanceScenario {
			t.Errorf("%+v", one)
		}
		if one.Refused != "" {
			refused[one.Name] = one.Refused
		}
	}
	want := []string{
		"add-messaging", "alert-target-down", "alert-telemetry-dropped", "broker-outage", "conformance", "crash", "dual-write", "event-carried-state", "new-subscriber", "subscriber-queue", "sync-baseline",
	}
	for _, name := range want {
		if err := g.Start(t.Context(), name); !errors.Is(err, console.ErrRefused) || !strings.Contains(refused[name], "type: ") {
			t.Errorf("%s: %v; the list says %q", name, err, refused[name])
		}
	}
	if len(refused) != len(want) {
		t.Errorf("%d are refused: %v", len(refused), refused)
	}
	g.system.PrometheusURL = "http://127.0.0.1:1"
	if err := g.Start(t.Context(), "alert-wait"); !errors.Is(err, console.ErrRefused) || !strings.Contains(err.Error(), "make up and docker compose up start it") {
		t.Errorf("without a Prometheus: %v", err)
	}
	if err := g.Start(t.Context(), "lunch"); !errors.Is(err, console.ErrNoScenario) || !strings.Contains(err.Error(), "happy-path") {
		t.Errorf("an unknown one: %v", err)
	}
	g.system.Ready = func(context.Context) error { return errors.New("kitchen is away") }
	problem, ok := errors.AsType[*host.Problem](g.Start(t.Context(), "happy-path"))
	if !ok || !strings.Contains(problem.Detail, "kitchen is away") || g.Current() != nil {
		t.Errorf("not ready: %v, %+v", problem, g.Current())
	}
}

// A page has the text and the steps of a scenario. The mystery has a page without steps.
func TestAPageShowsTheStepsOfAScenario(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	page, err := g.Show("happy-path")
	if err != nil || page.Steps != len(page.Lines) || page.Steps == 0 || !strings.Contains(page.Page, "**Run it:**") || !slices.Contains(page.Lines, "place an order") {
		t.Errorf("%+v, %v", page, err)
	}
	if page, err = g.Show("mystery"); err != nil || page.Title != "The mystery" || len(page.Lines) > 0 {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err = g.Show("../mystery"); !errors.Is(err, console.ErrNoScenario) {
		t.Errorf("an unknown one: %v", err)
	}
}

// No scenario stops the console or ends its process: it could not put back what it changed.
func TestNoScenarioStopsTheConsole(t *testing.T) {
	t.Parallel()
	for _, one := range scenario.All() {
		for _, step := range one.Steps {
			if step.Stop == console.Name {
				t.Errorf("%s stops the console", one.Name)
			}
		}
	}
}
