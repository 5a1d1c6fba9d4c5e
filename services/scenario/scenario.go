package scenario

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

// files has the folders of the scenarios.
//
//go:embed */page.md */steps.yaml */*.tree
var files embed.FS

// Page returns the page of a scenario or of one that has no steps, such as the mystery. The error wraps [ErrUnknown].
func Page(name string) (string, error) {
	if text, err := files.ReadFile(name + "/page.md"); err == nil {
		return string(text), nil
	}
	_, err := Find(name)
	return "", err
}

// Scenario is a guided run.
type Scenario struct {
	// Name is the name of its folder.
	Name string `yaml:"-"`
	// Title is the first heading of the page, and Page its whole text, in Markdown.
	Title string `yaml:"-"`
	Page  string `yaml:"-"`
	// Place sorts the scenarios: the simple ones come first.
	Place int `yaml:"place"`
	// Rows are the rows of the talk that it shows, 1 to 29.
	Rows []int `yaml:"rows"`
	// Steps are done one after the other.
	Steps []Step `yaml:"steps"`
	trees map[string]*tracetree.Golden
}

// all is loaded once. The tests load it, too, so a released program has no mistake in it.
var all, errAll = load(files)

// All returns the scenarios in the order of their places.
func All() []*Scenario {
	if errAll != nil {
		panic(errAll) // TestScenariosAreRight finds it
	}
	return slices.Clone(all)
}

// ErrUnknown is returned for a name that no scenario has.
var ErrUnknown = errors.New("there is no such scenario")

// Find returns the scenario with the name. The error wraps [ErrUnknown] and lists the names.
func Find(name string) (*Scenario, error) {
	names := make([]string, len(all))
	for i, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names[i] = s.Name
	}
	return nil, fmt.Errorf("%q: %w; there are %s", name, ErrUnknown, strings.Join(names, ", "))
}

func load(from fs.FS) ([]*Scenario, error) {
	var scenarios []*Scenario
	var wrong []error
	names, err := fs.Glob(from, "*/steps.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		s, err := loadOne(from, path.Dir(name))
		if err != nil {
			wrong = append(wrong, fmt.Errorf("scenario %s: %w", path.Dir(name), err))
		}
		scenarios = append(scenarios, s)
	}
	slices.SortStableFunc(scenarios, func(a, b *Scenario) int { return a.Place - b.Place })
	return scenarios, errors.Join(wrong...)
}

func loadOne(from fs.FS, name string) (*Scenario, error) {
	s := &Scenario{Name: name, trees: map[string]*tracetree.Golden{}}
	text, err := fs.ReadFile(from, name+"/steps.yaml")
	if err != nil {
		return s, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(s); err != nil {
		return s, fmt.Errorf("steps.yaml: %w", err)
	}
	page, err := fs.ReadFile(from, name+"/page.md")
	if err != nil {
		return s, err
	}
	s.Page = string(page)
	title, _, _ := strings.Cut(s.Page, "\n")
	s.Title = strings.TrimPrefix(title, "# ")
	var wrong []error
	for i, step := range s.Steps {
		if err := step.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("step %d: %w", i+1, err))
		}
		if step.Tree != "" {
			wrong = append(wrong, s.loadTree(from, step.Tree))
		}
	}
	return s, errors.Join(wrong...)
}

// loadTree reads a golden tree.
func (s *Scenario) loadTree(from fs.FS, name string) error {
	text, err := fs.ReadFile(from, s.treePath(name))
	if err != nil {
		return err
	}
	golden, err := tracetree.ParseGolden(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.trees[name] = golden
	return nil
}

func (s *Scenario) treePath(name string) string { return s.Name + "/" + name }

// stops returns the parts that the scenario stops.
func (s *Scenario) stops() (parts []string) {
	for _, step := range s.Steps {
		if step.Stop != "" {
			parts = append(parts, step.Stop)
		}
	}
	return parts
}

// Alerts returns the names of the alerts that the scenario waits for. It needs a Prometheus if there are any.
func (s *Scenario) Alerts() (names []string) {
	for _, step := range s.Steps {
		if step.Alert != "" && !slices.Contains(names, step.Alert) {
			names = append(names, step.Alert)
		}
	}
	return names
}

// crashes reports whether a process dies by itself in the scenario.
func (s *Scenario) crashes() bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool { return step.crashes() })
}

// sets reports whether a step sets the key for more than one order.
func (s *Scenario) sets(key failure.Key) bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool {
		entry, _, err := parseSwitch(step.Set)
		return err == nil && entry.Key == key
	})
}
