package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "rewrite the expected files of the tests that run: make golden RUN=TestName")

func TestScenariosAreRight(t *testing.T) {
	t.Parallel()
	if errAll != nil {
		t.Fatal(errAll)
	}
	for _, s := range All() {
		if s.Title == "" || len(s.Rows) == 0 || len(s.Steps) == 0 || s.Place == 0 {
			t.Errorf("%s: title %q, rows %v, %d steps, place %d", s.Name, s.Title, s.Rows, len(s.Steps), s.Place)
		}
	}
}

// A scenario begins while its alert is inactive, makes it fire, and ends when it is inactive again.
func TestAnAlertIsInactiveBeforeAndAfter(t *testing.T) {
	t.Parallel()
	for _, s := range All() {
		for _, name := range s.Alerts() {
			var states []string
			for _, step := range s.Steps {
				if step.Alert == name {
					states = append(states, step.state())
				}
			}
			if first, last := s.Steps[0].Alert, s.Steps[len(s.Steps)-1].Alert; !slices.Equal(states, []string{inactive, firing, inactive}) || first != name || last != name {
				t.Errorf("%s: %s is %v, and the first and last steps wait for %q and %q", s.Name, name, states, first, last)
			}
		}
	}
}

// Each row of the talk has a scenario.
func TestEveryRowOfTheTalkHasAScenario(t *testing.T) {
	t.Parallel()
	const rows = 29
	shown := map[int]bool{}
	for _, s := range All() {
		for _, row := range s.Rows {
			if row < 1 || row > rows {
				t.Errorf("%s: there is no row %d", s.Name, row)
			}
			shown[row] = true
		}
	}
	for row := 1; row <= rows; row++ {
		if !shown[row] {
			t.Errorf("no scenario shows row %d", row)
		}
	}
}

// The scenarios and their rows are those of the design.
func TestTheScenariosAreThoseOfTheDesign(t *testing.T) {
	t.Parallel()
	want := map[string][]int{
		"happy-path": {7, 9, 10, 15, 24}, "sync-baseline": {3, 4, 5, 29}, "add-messaging": {29}, "notification-callback": {12},
		"event-carried-state": {14, 6}, "sparse-no-callback": {22}, "new-subscriber": {13}, "subscriber-queue": {16, 5},
		"private-events": {6, 16}, "version-migration": {17, 21}, "governance": {11, 18}, "cloudevents": {19, 20, 23},
		"context-in-metadata": {26}, "links": {26}, "commands-events-queries": {27, 28}, "eventual-consistency": {25}, "correction": {8},
		"staff-clock-in": {9}, "couplings": {5}, "map": {1}, "transient-error": {2}, "poison": {2}, "redrive": {2}, "duplicate": {2},
		"dual-write": {2}, "crash": {2}, "broken-trace": {2}, "broker-outage": {2}, "compensation": {2}, "retry-storm": {2},
		"silent-break": {2}, "backlog": {2}, "sampling": {26},
		"alert-dead-letters": {2}, "alert-no-consumer": {2}, "alert-outbox": {2}, "alert-target-down": {2}, "alert-backlog": {2}, "alert-wait": {2},
		"alert-spans-missing": {2}, "alert-telemetry-dropped": {2},
	}
	for _, s := range All() {
		if rows, known := want[s.Name]; !known || !slices.Equal(rows, s.Rows) {
			t.Errorf("%s has the rows %v, want %v", s.Name, s.Rows, rows)
		}
		delete(want, s.Name)
	}
	for name := range want {
		t.Errorf("there is no scenario %s", name)
	}
}

// block is a golden tree in a page.
var block = regexp.MustCompile("(?s)<!-- ([a-z-]+\\.tree) -->\n```\n(.*?)```\n")

// Each page has its parts, names files that exist, and shows the golden trees.
func TestPagesShowWhatTheRunsCompareWith(t *testing.T) {
	t.Parallel()
	for _, s := range All() {
		for _, part := range []string{"## What it does", "## What to look at in Jaeger", "## Why", "## What repairs it", "## In the code", "traceria scenario run " + s.Name} {
			if !strings.Contains(s.Page, part) {
				t.Errorf("the page of %s has no %q", s.Name, part)
			}
		}
		checkCode(t, s)
		shown := map[string]bool{}
		page := block.ReplaceAllStringFunc(s.Page, func(found string) string {
			name := block.FindStringSubmatch(found)[1]
			shown[name] = true
			text, err := files.ReadFile(s.Name + "/" + name)
			if err != nil {
				t.Errorf("the page of %s: %v", s.Name, err)
			}
			return "<!-- " + name + " -->\n```\n" + string(text) + "```\n"
		})
		for name := range s.trees {
			if !shown[name] {
				t.Errorf("the page of %s does not show %s", s.Name, name)
			}
		}
		if page == s.Page {
			continue
		}
		if !*update {
			t.Errorf("the page of %s does not show its golden tree: make golden RUN=TestPagesShowWhatTheRunsCompareWith", s.Name)
		} else if err := os.WriteFile(filepath.Join(s.Name, "page.md"), []byte(page), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// checkCode checks that the files in the part "In the code" exist.
func checkCode(t *testing.T, s *Scenario) {
	t.Helper()
	_, part, _ := strings.Cut(s.Page, "## In the code\n")
	part, _, _ = strings.Cut(part, "\n## ")
	named := regexp.MustCompile("`([a-z][a-z0-9_/.-]+)`").FindAllStringSubmatch(part, -1)
	if len(named) == 0 {
		t.Errorf("the page of %s names no file", s.Name)
	}
	for _, file := range named {
		if _, err := os.Stat(filepath.Join("..", "..", file[1])); err != nil {
			t.Errorf("the page of %s: %v", s.Name, err)
		}
	}
}

func TestAWrongScenarioNamesTheStep(t *testing.T) {
	t.Parallel()
	for steps, want := range map[string]string{
		"  - {}":                                          "step 1: got 0 verbs",
		"  - {note: a, wait: 1s}":                         "step 1: got 2 verbs (note, wait), want one",
		"  - set: kitchen.lazy":                           "kitchen.lazy",
		"  - set: kitchen.slow=3s":                        "kitchen.slow",
		"  - {order: a, failure: 'kitchen.slow, x'}":      "step 1",
		"  - {read: a, tree: none.tree, look: b}":         "none.tree",
		"  - {read: a}":                                   "want a tree, and what to look at",
		"  - {set: kitchen.slow, only: order}":            "only: order: want customer",
		"  - {read: a, tree: a.tree, look: b, as: story2": "steps.yaml",
		"  - sett: kitchen.slow":                          "sett",
		"  - {alert: TraceriaWait, state: nonsense}":      "state: nonsense: want firing or inactive",
		"  - {note: a, labels: {queue: b}}":               "labels and state belong to alert",
		"  - {note: a, grows: b}":                         "grows belongs to request",
	} {
		_, err := load(fstest.MapFS{
			"one/steps.yaml": {Data: []byte("place: 1\nrows: [1]\nsteps:\n" + steps + "\n")}, "one/page.md": {Data: []byte("# One\n")},
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", steps, err, want)
		}
	}
}

func TestAnUnknownScenarioListsTheNames(t *testing.T) {
	t.Parallel()
	_, err := Find("happy")
	if err == nil || !strings.Contains(err.Error(), "transient-error") {
		t.Error(err)
	}
}
