package pizzeria

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"traceria/services/console"
	"traceria/services/scenario"
)

// conformanceScenario is in the list, but needs a service of the reader's own.
const conformanceScenario = "conformance"

// List implements [console.Scenarios].
func (s *scenarios) List() []console.ScenarioSummary {
	refused := s.list.of(s.running)
	var all []console.ScenarioSummary
	for _, one := range scenario.All() {
		summary := summaryOf(one)
		summary.Refused = refused[one.Name]
		all = append(all, summary)
	}
	if page, err := scenario.Page(conformanceScenario); err == nil {
		all = append(all, console.ScenarioSummary{
			Name: conformanceScenario, Title: heading(page), Place: all[len(all)-1].Place + 1, Refused: needsService,
		})
	}
	return all
}

const needsService = "it checks a service of your own; type: traceria scenario run conformance --queue QUEUE --exchange conformance"

// Show implements [console.Scenarios].
func (s *scenarios) Show(name string) (console.ScenarioPage, error) {
	page, err := scenario.Page(name)
	if err != nil {
		return console.ScenarioPage{}, fmt.Errorf("%w: %w", console.ErrNoScenario, err)
	}
	for _, summary := range s.List() {
		if summary.Name == name {
			return console.ScenarioPage{ScenarioSummary: summary, Page: page, Lines: linesOf(name)}, nil
		}
	}
	return console.ScenarioPage{ScenarioSummary: console.ScenarioSummary{Name: name, Title: heading(page)}, Page: page, Lines: []string{}}, nil
}

func summaryOf(one *scenario.Scenario) console.ScenarioSummary {
	return console.ScenarioSummary{Name: one.Name, Title: one.Title, Place: one.Place, Rows: one.Rows, Steps: len(one.Steps)}
}

// linesOf describes the steps of a scenario.
func linesOf(name string) []string {
	lines := []string{}
	if one, err := scenario.Find(name); err == nil {
		for _, step := range one.Steps {
			lines = append(lines, step.String())
		}
	}
	return lines
}

// heading returns the first line of a page without its mark.
func heading(page string) string {
	first, _, _ := strings.Cut(page, "\n")
	return strings.TrimSpace(strings.TrimLeft(first, "#"))
}

// errUnrunnable is the error of a name that has no steps.
func errUnrunnable(name string, err error) error {
	if name == conformanceScenario {
		return fmt.Errorf("%w: %s", console.ErrRefused, needsService)
	}
	return fmt.Errorf("%w: %w", console.ErrNoScenario, err)
}

// refusal says why a scenario cannot run here, and which command can run it.
func refusal(err error, name string) string {
	if !scenario.Elsewhere(err) {
		return err.Error()
	}
	why, _, _ := strings.Cut(err.Error(), ": ")
	return why + ", which is not possible from here; on the host, in the folder from which the system was started, type: " +
		"bin/traceria scenario run " + name + " (traceria all is one process: its parts cannot be stopped)"
}

// refusals remembers for a moment which scenarios are refused. To find out starts other programs.
type refusals struct {
	mu    sync.Mutex
	at    time.Time
	known map[string]string
}

const (
	rememberTime = 5 * time.Second
	findTime     = 5 * time.Second
)

// of returns the refusals by scenario.
func (r *refusals) of(running func(context.Context) scenario.System) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) < rememberTime {
		return r.known
	}
	ctx, cancel := context.WithTimeout(context.Background(), findTime)
	defer cancel()
	system, known := running(ctx), map[string]string{}
	for _, one := range scenario.All() {
		if err := system.Possible(ctx, one); err != nil {
			known[one.Name] = refusal(err, one.Name)
		}
	}
	r.at, r.known = time.Now(), known
	return known
}
