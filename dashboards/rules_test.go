package dashboards_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"traceria/services/scenario"
)

const rulesFile = "rules/traceria.yml"

// alert is a rule as Prometheus reads it.
type alert struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func readAlerts(t *testing.T) []alert {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []alert } }
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		if testing.Short() {
			t.Skip("needs promtool, of the package prometheus, which -short leaves out")
		}
		t.Fatalf("%v: run make test, or install the package prometheus", err)
	}
	out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestPromtoolChecksTheRules(t *testing.T) {
	promtool(t, "check", "rules", "--lint-fatal", rulesFile)
}

// TestPromtoolChecksTheConfiguration checks the one configuration of make up and of Docker, with its rules and targets.
func TestPromtoolChecksTheConfiguration(t *testing.T) {
	promtool(t, "check", "config", "prometheus.yml")
}

// TestAlertsFireAndClear runs the unit tests of the rules: when an alert begins, when it does not, and when it ends.
func TestAlertsFireAndClear(t *testing.T) {
	tests, err := filepath.Glob("rules/testdata/*_test.yml")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests of rules: %v", err)
	}
	promtool(t, append([]string{"test", "rules"}, tests...)...)
	var text strings.Builder
	for _, name := range tests {
		one, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(one)
	}
	for _, a := range readAlerts(t) {
		fires := fmt.Sprintf(`'ALERTS{alertname="%s", alertstate="firing", `, a.Alert)
		clears := fmt.Sprintf(`ALERTS{alertname="%s"}`, a.Alert)
		if !strings.Contains(text.String(), fires) || !strings.Contains(text.String(), clears) {
			t.Errorf("%s: no unit test in which it fires and clears", a.Alert)
		}
	}
}

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	boards := map[string]bool{}
	for _, board := range read(t) {
		boards[board.UID] = true
	}
	pages := regexp.MustCompile(`^\{\{ \$externalLabels\.console \}\}/(failures|parts|queues(/\{\{ \$labels\.\w+ \}\})?)$`)
	for _, a := range readAlerts(t) {
		for _, name := range []string{"summary", "description", "action", "dashboard", "console"} {
			if a.Annotations[name] == "" {
				t.Errorf("%s: no %s", a.Alert, name)
			}
		}
		if a.Labels["severity"] == "" {
			t.Errorf("%s: want a severity", a.Alert)
		}
		uid, _, _ := strings.Cut(strings.TrimPrefix(a.Annotations["dashboard"], "{{ $externalLabels.grafana }}/d/"), "?")
		if !boards[uid] || !pages.MatchString(a.Annotations["console"]) {
			t.Errorf("%s: no such dashboard or page: %s, %s", a.Alert, a.Annotations["dashboard"], a.Annotations["console"])
		}
	}
}

// TestEveryAlertHasAScenario compares the rules with the scenarios that fire them, and with the README.
func TestEveryAlertHasAScenario(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, s := range scenario.All() {
		for _, name := range s.Alerts() {
			shown[name] = s.Name
			if !strings.Contains(s.Page, "**"+name+"**") {
				t.Errorf("the page of %s does not say that %s fires", s.Name, name)
			}
		}
		checkPanels(t, s)
	}
	for _, a := range readAlerts(t) {
		command := "traceria scenario run " + shown[a.Alert]
		if shown[a.Alert] == "" || !strings.HasSuffix(a.Annotations["description"], "To see it: "+command+".") {
			t.Errorf("%s: its scenario is %q; the description is %q", a.Alert, shown[a.Alert], a.Annotations["description"])
		}
		if row := regexp.MustCompile(`(?m)^\| ` + a.Alert + ` .*$`).FindString(string(readme)); !strings.HasSuffix(row, "| `"+command+"` |") {
			t.Errorf("README.md: %q, want the command %q", row, command)
		}
		delete(shown, a.Alert)
	}
	if len(shown) > 0 {
		t.Errorf("no rule has the alerts of the scenarios %v", shown)
	}
}

// checkPanels looks for the panels that the page of a scenario names.
func checkPanels(t *testing.T, s *scenario.Scenario) {
	t.Helper()
	titles := map[string]bool{}
	for _, board := range read(t) {
		for _, p := range board.everyPanel() {
			titles[p.Title] = true
		}
	}
	_, part, found := strings.Cut(s.Page, "## What to look at in Prometheus and Grafana\n")
	if found != (len(s.Alerts()) > 0) {
		t.Errorf("the page of %s: it has a part about Prometheus: %t", s.Name, found)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	for _, named := range regexp.MustCompile(`\*([^*]+)\*`).FindAllStringSubmatch(part, -1) {
		if !titles[named[1]] {
			t.Errorf("the page of %s: there is no panel %q", s.Name, named[1])
		}
	}
}

// TestPanelsAreRedAtTheLimitsOfAlerts compares the panels that an alert is named in with its rule.
func TestPanelsAreRedAtTheLimitsOfAlerts(t *testing.T) {
	limits := map[string]string{}
	for _, a := range readAlerts(t) {
		if found := regexp.MustCompile(`> ([0-9.]+)\s*$`).FindStringSubmatch(a.Expr); found != nil {
			limits[a.Alert] = found[1]
		}
	}
	compared := 0
	for _, board := range read(t) {
		for _, p := range board.everyPanel() {
			for name, limit := range limits {
				if !strings.Contains(p.Description, "*"+name+"*") || limit == "0" {
					continue
				}
				compared++
				steps := p.FieldConfig.Defaults.Thresholds.Steps
				if last := steps[len(steps)-1].Value; last == nil || fmt.Sprint(*last) != limit {
					t.Errorf("%s, %s is red at another value than %s, > %s", board.Title, p.Title, name, limit)
				}
			}
		}
	}
	if compared < 4 {
		t.Errorf("compared %d panels with their alerts, want 4 at least", compared)
	}
}
