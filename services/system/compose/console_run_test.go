package compose

import (
	"path/filepath"
	"strings"
	"testing"
)

// consoleRunsScenarios runs a scenario in the container of the console. A run on the host and one there exclude each other, although
// neither sees the lock of the other. program is traceria on the host.
func consoleRunsScenarios(t *testing.T, p *system, program string) {
	type run struct {
		Scenario string `json:"scenario"`
		Running  bool   `json:"running"`
		Passed   bool   `json:"passed"`
		Error    string `json:"error"`
	}
	current := `curl -s --fail "$CONSOLE_URL/api/runs/current"`
	p.run(t, `curl -s --fail -X POST "$CONSOLE_URL/api/scenarios/happy-path/run"`)
	refusal := p.run(t, "! "+program+" scenario run links 2>&1")
	if !strings.Contains(refusal, "another run of scenarios has not ended in the console") {
		t.Errorf("a run on the host: %s", refusal)
	}
	p.until(t, "the run in the console has ended", func() bool { return !read[run](t, p.shell, current).Running })
	if last := read[run](t, p.shell, current); !last.Passed || last.Scenario != "happy-path" {
		t.Errorf("%+v", last)
	}
	p.run(t, `curl -s --fail -X POST "$CONSOLE_URL/api/scenarios/redrive/run"`)
	p.until(t, "the run with the rights of the console has ended", func() bool { return !read[run](t, p.shell, current).Running })
	if last := read[run](t, p.shell, current); !last.Passed || last.Scenario != "redrive" {
		t.Errorf("%+v", last)
	}
	stops := p.run(t, `curl -s -X POST "$CONSOLE_URL/api/scenarios/subscriber-queue/run"`)
	if !strings.Contains(stops, "bin/traceria scenario run subscriber-queue") {
		t.Errorf("a scenario that stops a container: %s", stops)
	}
	busy := p.run(t, "log="+filepath.Join(t.TempDir(), "log")+"; "+program+` scenario run transient-error > $log & `+
		`for i in $(seq 100); do grep -q 1/ $log && break; sleep 0.1; done; `+
		`curl -s -X POST "$CONSOLE_URL/api/scenarios/happy-path/run"; wait $!`)
	if !strings.Contains(busy, `"status":409`) {
		t.Errorf("a run in the console during one on the host: %s", busy)
	}
}
