package dashboards_test

import (
	"regexp"
	"strings"
	"testing"
)

// quiet are queries that are 0 in the run, because their cause does not happen in it. All others must move.
var quiet = map[string]string{
	"Hung handlers A":         "no handler hangs: kitchen.hang would keep a cook for ever",
	"Spans refused A":         "the Collector has memory enough",
	"Lost by the Collector A": "Jaeger is up, and the queue holds everything",
	"Accepted and refused B":  "the Collector has memory enough",
	"Reconnects and blocks B": "RabbitMQ has memory and disk enough",
	"Failed by exporter A":    "Jaeger and the console are up",
}

// TestEveryQueryHasData runs a real system and asks its Prometheus every query of every dashboard. The scenarios
// fire and end every alert in it.
func TestEveryQueryHasData(t *testing.T) {
	r := openRun(t)
	r.everything(t)
	answers := map[string][]series{}
	asked := 0
	for _, board := range read(t) {
		t.Run(board.UID, func(t *testing.T) {
			asked += r.checkBoard(t, board, answers)
		})
	}
	t.Logf("%d queries of panels have data, in a run of %s", asked, r.ended.Sub(r.began).Round(1e9))
	t.Run("links", func(t *testing.T) { r.checkLinks(t, answers) })
	r.draw(t, answers)
}

// checkBoard asks the queries of the panels, the variables and the annotation. It keeps the answers by panel and query.
func (r *run) checkBoard(t *testing.T, board stored, answers map[string][]series) (asked int) {
	t.Helper()
	for _, p := range board.everyPanel() {
		for _, q := range p.Targets {
			asked++
			answer, err := r.over(t.Context(), filled(q.Expr), r.began, r.ended)
			if err != nil {
				t.Errorf("%s %s: %v", p.Title, q.RefID, err)
				continue
			}
			answers[answerKey(board, p, q)] = answer
			finite, moved := values(answer)
			_, mayBeQuiet := quiet[p.Title+" "+q.RefID]
			if finite == 0 || moved == 0 && !mayBeQuiet {
				t.Errorf("%s %s: %d series, %d values, %d other than 0: %s", p.Title, q.RefID, len(answer), finite, moved, filled(q.Expr))
			}
			if q.Exemplar {
				r.checkExemplars(t, p, q)
			}
		}
	}
	for _, v := range board.Templating.List {
		if v.Type == "query" {
			r.checkVariable(t, v)
		}
	}
	for _, a := range board.Annotations.List {
		marks, err := r.over(t.Context(), a.Expr, r.began, r.ended)
		if _, moved := values(marks); err != nil || a.Expr != "" && moved == 0 {
			t.Errorf("annotation %s: %v, %d values: %s", a.Name, err, moved, a.Expr)
		}
	}
	return asked
}

func answerKey(board stored, p panel, q target) string {
	return board.UID + "/" + p.Type + "/" + p.Title + "/" + q.RefID
}

// filled replaces the variables as Grafana does for All.
func filled(expr string) string {
	return strings.NewReplacer("$__rate_interval", "20s", "$subscription", ".*", "$service", ".*").Replace(expr)
}

func (r *run) checkVariable(t *testing.T, v variable) {
	t.Helper()
	found := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`).FindStringSubmatch(v.Query)
	if found == nil {
		t.Fatalf("variable %s: cannot read %q", v.Name, v.Query)
	}
	values, err := r.labelValues(t.Context(), found[1], found[2])
	if err != nil || len(values) < 3 {
		t.Errorf("variable %s has the values %q: %v", v.Name, values, err)
	}
}

// checkExemplars looks for the trace of an exemplar in Jaeger. The last ones may be on their way.
func (r *run) checkExemplars(t *testing.T, p panel, q target) {
	t.Helper()
	found, err := r.exemplars(t.Context(), filled(q.Expr), r.began, r.ended)
	if err != nil || len(found) == 0 {
		t.Errorf("%s %s: no exemplar: %v", p.Title, q.RefID, err)
		return
	}
	for _, one := range found {
		if spans, err := r.Jaeger.Trace(t.Context(), one.Labels["trace_id"]); err == nil && len(spans) > 0 {
			return
		}
	}
	t.Errorf("%s %s: Jaeger has none of the traces of %d exemplars, such as %v", p.Title, q.RefID, len(found), found[0].Labels)
}
