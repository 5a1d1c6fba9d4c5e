package console_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"traceria/services/console"
)

// games stands for the scenarios: one run, and one mystery.
type games struct {
	mu      sync.Mutex
	run     *console.Run
	mystery *console.Mystery
	changed chan struct{}
}

func newGames() *games { return &games{changed: make(chan struct{})} }

func (g *games) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
	close(g.changed)
	g.changed = make(chan struct{})
}

func (*games) List() []console.ScenarioSummary { return nil }

func (*games) Show(name string) (console.ScenarioPage, error) {
	if name != "happy-path" {
		return console.ScenarioPage{}, fmt.Errorf("%w: %q", console.ErrNoScenario, name)
	}
	return console.ScenarioPage{Page: "# Happy path"}, nil
}

func (g *games) Start(_ context.Context, name string) error {
	if _, err := g.Show(name); err != nil {
		return err
	}
	if run := g.Current(); run != nil && run.Running {
		return console.ErrBusy
	}
	g.set(func() { g.run = &console.Run{Scenario: name, Running: true} })
	return nil
}

func (g *games) Current() *console.Run {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.run
}

func (g *games) Cancel() {
	g.set(func() { g.run = &console.Run{Scenario: "happy-path", Error: "cancelled"} })
}

func (g *games) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

func (g *games) Mystery(context.Context) (*console.Mystery, error) { return g.mystery, nil }

func (g *games) StartMystery(_ context.Context, level int, _ uint64) (*console.Mystery, error) {
	if g.mystery != nil {
		return nil, console.ErrMystery
	}
	g.mystery = &console.Mystery{Level: level}
	return g.mystery, nil
}

func (g *games) Hint(context.Context) (string, error) {
	if g.mystery == nil {
		return "", console.ErrNoMystery
	}
	return "look at the kitchen", nil
}

func (*games) Guess(_ context.Context, keys []string) (console.Verdict, error) {
	return console.Verdict{Solved: true, Right: keys}, nil
}

func (g *games) EndMystery(context.Context) (console.Verdict, error) {
	g.mystery = nil
	return console.Verdict{}, nil
}

func TestScenariosAndTheMystery(t *testing.T) {
	t.Parallel()
	c := runWith(t, console.System{Scenarios: newGames()})
	r := c.listen(t, "topics=run")
	if got := r.next(t, "run").data; got != "null" {
		t.Errorf("before a run: %s", got)
	}
	for _, step := range []struct {
		request, body string
		status        int
		says          string
	}{
		{"GET /api/scenarios", "", 200, "[]"},
		{"GET /api/scenarios/none", "", 404, "no such scenario"},
		{"GET /api/scenarios/happy-path", "", 200, "# Happy path"},
		{"GET /api/runs/current", "", 200, "null"},
		{"POST /api/scenarios/none/run", "", 404, "no such scenario"},
		{"POST /api/scenarios/happy-path/run", "", 202, `"running":true`},
		{"POST /api/scenarios/happy-path/run", "", 409, "a run goes on"},
		{"DELETE /api/runs/current", "", 200, "cancelled"},
		{"GET /api/mystery", "", 200, "null"},
		{"POST /api/mystery/hint", "", 404, "no mystery goes on"},
		{"POST /api/mystery", `{"level":2}`, 200, `"level":2`},
		{"POST /api/mystery", `{"level":"two"}`, 400, "whole number"},
		{"POST /api/mystery", `{"level":2}`, 409, "a mystery goes on"},
		{"POST /api/mystery/hint", "", 200, `{"hint":"look at the kitchen"}`},
		{"POST /api/mystery/guess", `{"keys":[]}`, 422, "1 to 50"},
		{"POST /api/mystery/guess", `{"keys":["kitchen.slow"]}`, 200, `"solved":true`},
		{"DELETE /api/mystery", "", 200, `"solved":false`},
	} {
		method, path, _ := strings.Cut(step.request, " ")
		if status, body := c.call(t, method, path, step.body); status != step.status || !strings.Contains(body, step.says) {
			t.Errorf("%s %s: %d %s, want %d %s", step.request, step.body, status, body, step.status, step.says)
		}
	}
	eventually(t, "the stream tells the end of the run", func() bool { return strings.Contains(r.next(t, "run").data, "cancelled") })
	if status, _ := c.call(t, http.MethodPost, "/api/scenarios/happy-path/run", "", "Origin", "https://evil.example"); status != http.StatusForbidden {
		t.Errorf("from another origin: %d", status)
	}
}
