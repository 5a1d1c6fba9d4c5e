package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/failure"
)

// prometheus stands for one with the rule Late. Its answers come one after the other, the last one again and again.
type prometheus struct {
	mu      sync.Mutex
	answers []string
	asked   int
}

func (p *prometheus) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	answer := p.answers[0]
	if len(p.answers) > 1 {
		p.answers = p.answers[1:]
	}
	if answer == "" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = fmt.Fprint(w, answer)
}

// rules is an answer with the rule Late and its alerts, each "STATE QUEUE".
func rules(alerts ...string) string {
	var list []map[string]any
	for _, text := range alerts {
		state, queue, _ := strings.Cut(text, " ")
		list = append(list, map[string]any{
			"state": state, "labels": map[string]string{"alertname": "Late", "queue": queue},
			"annotations": map[string]string{"summary": "late in " + queue, "action": "Look.", "console": "http://console/" + queue},
		})
	}
	return rulesOf(map[string]any{"name": "Late", "health": "ok", "alerts": list})
}

func rulesOf(rule map[string]any) string {
	text, _ := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"groups": []any{map[string]any{"rules": []any{rule}}}}})
	return string(text)
}

// watch runs steps beside a Prometheus with the answers. The first one is for the question whether it has the alert.
func watch(t *testing.T, answers []string, all ...Step) (Result, []string) {
	t.Helper()
	r, c, said := newRunner(t, map[failure.Key]*failure.Setting{})
	server := httptest.NewServer(&prometheus{answers: answers})
	t.Cleanup(server.Close)
	r.System.PrometheusURL = server.URL
	results, err := r.Run(t.Context(), steps(all...))
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Refused && len(c.changes) > 0 {
		t.Errorf("it was refused after %v", c.changes)
	}
	return results[0], said.details
}

func TestAnAlertIsAwaited(t *testing.T) {
	t.Parallel()
	answers := []string{
		rules(), rules("firing b", "pending a"), rules("firing b"), // inactive for a
		rules("pending a"), "", rules("pending a", "firing b"), rules("firing a"), // an outage of Prometheus in between
		rules("firing a"), rules(),
	}
	a := map[string]string{"queue": "a"}
	result, said := watch(t, answers, Step{Alert: "Late", Labels: a, State: inactive}, Step{Alert: "Late", Labels: a}, Step{Alert: "Late", Labels: a, State: inactive})
	want := []string{"it is pending: late in a", "Late is inactive", "Late fires after TIME: late in a\nhttp://console/a", "it is firing: late in a", "Late is inactive after TIME"}
	if got := regexp.MustCompile(`after \d+s`).ReplaceAllString(strings.Join(said, "\n"), "after TIME"); !result.Passed || got != strings.Join(want, "\n") {
		t.Errorf("%+v\n%s", result, got)
	}
}

// What Prometheus lacks is refused before anything is touched.
func TestAnAlertThatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"has no alert Early; dashboards/prometheus.yml loads it": rules(),
		"does not answer as Prometheus does":                     "<html>",
		"answers 503; make up and docker compose up start it":    "",
	} {
		result, _ := watch(t, []string{answer}, Step{Set: "kitchen.slow"}, Step{Alert: "Early"})
		if !result.Refused || !strings.Contains(result.Error, name) {
			t.Errorf("%+v, want %q", result, name)
		}
	}
	r, c, _ := newRunner(t, map[failure.Key]*failure.Setting{})
	r.System.PrometheusURL = "http://reader:secret@127.0.0.1:1"
	results, err := r.Run(t.Context(), steps(Step{Set: "kitchen.slow"}, Step{Alert: "Late"}))
	if err != nil || !results[0].Refused || !strings.Contains(results[0].Error, "PROMETHEUS_URL names another one") || strings.Contains(results[0].Error, "secret") || len(c.changes) > 0 {
		t.Errorf("%+v, %v, %v", results, err, c.changes)
	}
}

// A step that does not see the state in time says what it saw last.
func TestAnAlertInAnotherStateIsNamed(t *testing.T) {
	t.Parallel()
	const soon = time.Second
	for want, one := range map[string]struct {
		answer string
		step   Step
	}{
		"Late is still firing: late in a. Look.":                      {rules("firing a"), Step{Alert: "Late", State: inactive, Within: soon}},
		"Late is pending, want firing; what fires: no alert":          {rules("pending a"), Step{Alert: "Late", Within: soon}},
		"Late is inactive, want firing; what fires: Late (late in b)": {rules("firing b"), Step{Alert: "Late", Labels: map[string]string{"queue": "a"}, Within: soon}},
		"make up and docker compose up start it":                      {"", Step{Alert: "Late", Within: soon}},
		"Prometheus cannot evaluate the alert Late: no such function": {rulesOf(map[string]any{"name": "Late", "health": "err", "lastError": "no such function"}), Step{Alert: "Late", Within: soon}},
		"Prometheus has not evaluated the alert Late yet":             {rulesOf(map[string]any{"name": "Late", "health": "unknown"}), Step{Alert: "Late", State: inactive, Within: soon}},
		"has no alert Late; dashboards/prometheus.yml loads it":       {rulesOf(map[string]any{"name": "Early", "health": "ok"}), Step{Alert: "Late", Within: soon}},
		"step 1, wait until the alert Late is firing: not within 1s":  {rules(), Step{Alert: "Late", Within: soon}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			result, _ := watch(t, []string{rules(), one.answer}, one.step)
			if result.Passed || result.Refused || !strings.Contains(result.Error, want) {
				t.Errorf("%+v, want %q", result, want)
			}
		})
	}
}

// Ctrl-C while an alert is awaited puts everything back.
func TestAnInterruptedAlertIsPutBack(t *testing.T) {
	t.Parallel()
	r, c, _ := newRunner(t, map[failure.Key]*failure.Setting{})
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 3 { // the first question is asked before the run, the second one by the step
			cancel()
		}
		_, _ = fmt.Fprint(w, rules())
	}))
	t.Cleanup(server.Close)
	r.System.PrometheusURL = server.URL
	results, err := r.Run(ctx, steps(Step{Set: "kitchen.slow"}, Step{Alert: "Late"}))
	if err == nil || results[0].Passed || len(c.active) > 0 || len(c.changes) != 2 {
		t.Errorf("%+v, %v, %v", results, err, c.changes)
	}
}

func TestANumberGrows(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"a.n": "", "c.n": "", "a.x": "a.x is still 0", "n.a": "n.a is still 0", "a": "a is no number in the answer", "b": "b is still 1"} {
		r, _, said := newRunner(t, map[failure.Key]*failure.Setting{})
		server := httptest.NewServer(&prometheus{answers: []string{`{"a":{"n":7},"b":1}`, `{"a":{"n":7},"b":1}`, `{"a":{"n":9},"b":1,"c":{"n":9}}`}})
		t.Cleanup(server.Close)
		r.System.Services = map[string]string{"order": server.URL}
		within := time.Second
		if want == "" {
			within = time.Minute
		}
		results, err := r.Run(t.Context(), steps(Step{Request: "GET order /readyz", Grows: path, Within: within}))
		if err != nil || results[0].Passed != (want == "") || !strings.Contains(results[0].Error, want) {
			t.Errorf("%s: %+v, %v", path, results, err)
		}
		if grew := strings.Join(said.details, ""); want == "" && grew != "a.n grew from 7 to 9" && grew != "c.n grew from 0 to 9" {
			t.Errorf("it says %q", grew)
		}
	}
}
