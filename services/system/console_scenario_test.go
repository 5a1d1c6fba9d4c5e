package system

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/console"
	"traceria/services/scenario"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// finishedRun runs a scenario in the console and waits until it has ended.
func finishedRun(t *testing.T, s *systemtest.System, name string) (run console.Run) {
	t.Helper()
	s.Call(t, http.MethodPost, "console", "/api/scenarios/"+name+"/run", &run)
	if !run.Running || run.Scenario != name {
		t.Fatalf("the run is %+v", run)
	}
	systemtest.Eventually(t, 2*time.Minute, name+" has ended", func() bool {
		s.Get(t, "console", "/api/runs/current", &run)
		return !run.Running
	})
	return run
}

// The console runs a scenario as the command line does. Its tree is that of traceria scenario run, and its journey that of the order.
func TestTheConsoleRunsAScenario(t *testing.T) {
	s := systemtest.Up(t)
	run := finishedRun(t, s, "happy-path")
	if !run.Passed || run.Error != "" || run.Step != run.Of || len(run.Lines) < run.Of || len(run.Readings) != 1 {
		t.Fatalf("%+v", run)
	}
	reading := run.Readings[0]
	if reading.Difference != "" || len(reading.Traces) != 1 || len(reading.Journeys) != 1 {
		t.Fatalf("%+v", reading)
	}
	spans, err := s.Jaeger.Conversation(t.Context(), reading.Journeys[0])
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	if err := tracetree.Print(&want, tracetree.Build(spans), tracetree.PrintOptions{}); err != nil || want.String() != reading.Tree {
		t.Errorf("%v: the tree of the console is\n%s\nwant\n%s", err, reading.Tree, want.String())
	}
}

// The console may redrive dead letters, so it runs the scenario that does. It may not add a subscriber.
func TestTheConsoleRunsWhatItsUserMayDo(t *testing.T) {
	s := systemtest.Up(t)
	if run := finishedRun(t, s, "redrive"); !run.Passed {
		t.Errorf("%+v", run)
	}
	var refused map[string]any
	systemtest.PostJSON(t, "http://"+s.Addresses["console"]+"/api/scenarios/new-subscriber/run", "", http.StatusConflict, &refused)
	if detail, _ := refused["detail"].(string); !strings.Contains(detail, "bin/traceria scenario run new-subscriber") {
		t.Errorf("%v", refused)
	}
}

// A run of the command line and one of the console exclude each other. A cancelled run puts its switches back.
func TestACommandAndTheConsoleDoNotRunAtOnce(t *testing.T) {
	s := systemtest.Up(t)
	var run console.Run
	s.Call(t, http.MethodPost, "console", "/api/scenarios/poison/run", &run)
	systemtest.Eventually(t, 20*time.Second, "a switch is set", func() bool { return len(s.Listed(t)) > 0 })
	if _, err := s.Traceria("scenario", "run", "happy-path"); err == nil || !strings.Contains(err.Error(), scenario.ErrBusy.Error()) {
		t.Errorf("the command ends with %v", err)
	}
	s.Call(t, http.MethodDelete, "console", "/api/runs/current", nil)
	systemtest.Eventually(t, 30*time.Second, "the run has ended", func() bool {
		s.Get(t, "console", "/api/runs/current", &run)
		return !run.Running
	})
	if on := s.Listed(t); run.Passed || !strings.Contains(run.Error, "cancelled") || len(on) > 0 {
		t.Errorf("%+v is still on after %+v", on, run)
	}
}

// A mystery of the console can be continued on the command line, and the other way round.
func TestAMysteryGoesOnInTheConsole(t *testing.T) {
	s := systemtest.Up(t)
	at := "http://" + s.Addresses["console"] + "/api/mystery"
	var m console.Mystery
	systemtest.PostJSON(t, at, `{"level":1,"seed":5}`, http.StatusOK, &m)
	var hint struct{ Hint string }
	systemtest.PostJSON(t, at+"/hint", "", http.StatusOK, &hint)
	if len(m.Orders) == 0 || m.Seed != 0 || !strings.Contains(hint.Hint, "group") {
		t.Errorf("%+v, %s", m, hint.Hint)
	}
	if text, err := s.Traceria("scenario", "run", "mystery", "--hint"); err != nil || !strings.Contains(text, "It happens at") {
		t.Errorf("the next hint is %q, %v", text, err)
	}
	for _, order := range m.Orders {
		settled(t, s, order)
	}
	body, err := json.Marshal(map[string]any{"keys": scenario.Culprits(5, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var verdict console.Verdict
	systemtest.PostJSON(t, at+"/guess", string(body), http.StatusOK, &verdict)
	if !verdict.Solved || len(verdict.Clues) != 1 || verdict.Difference == "" {
		t.Errorf("%+v", verdict)
	}
	if on := s.Listed(t); len(on) > 0 {
		t.Errorf("%+v is still on", on)
	}
}

// settled waits until an order is delivered or cancelled.
func settled(t *testing.T, s *systemtest.System, order string) {
	t.Helper()
	if _, err := s.Client().Await(t.Context(), order); err != nil {
		t.Fatal(err)
	}
}
