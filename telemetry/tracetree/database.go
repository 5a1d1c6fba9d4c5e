package tracetree

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// shownStatements is the most names in a folded line. They are enough to see what a transaction touched.
const shownStatements = 4

// The attributes of a span that stands for a whole transaction. Times are milliseconds.
const (
	statementsKey = "traceria.db.statements"
	operationsKey = "traceria.db.operations"
	databaseWait  = "traceria.db.wait_ms"
	databaseEnd   = "traceria.db.commit_ms"
	runsKey       = "traceria.db.runs"
)

// remarkable is the shortest wait or commit of a transaction that is shown.
const remarkable = time.Millisecond

// foldable tells whether a span and everything below it are single statements that went well. A failed span keeps its
// line: folding must not hide an error. So does a transaction, which is folded already.
func (v *view) foldable(n *Node) bool {
	if !isDatabase(n.Span) || isTransaction(n.Span) || n.failed() || n.injected() != "" {
		return false
	}
	folds, known := v.folds[n]
	if !known {
		folds = !slices.ContainsFunc(n.Children, func(child *Node) bool { return !v.foldable(child) })
		v.folds[n] = folds
	}
	return folds
}

// isDatabase follows the conventions: a client span with db.system.name (db.system before semconv 1.30).
func isDatabase(s Span) bool {
	return s.Kind == KindClient && (s.Attributes["db.system.name"] != nil || s.Attributes["db.system"] != nil)
}

// isTransaction tells whether a database span stands for a transaction with all its statements.
func isTransaction(s Span) bool { return isDatabase(s) && s.Attributes[statementsKey] != nil }

// transaction returns the notes about a transaction: where its time went, and with [PrintOptions.Database] its statements.
func (v *view) transaction(s Span) []note {
	if v.shape || !isTransaction(s) {
		return nil
	}
	var notes []note
	for _, part := range []struct {
		name, key string
		style     style
	}{{"waited ", databaseWait, yellow}, {"commit ", databaseEnd, plain}} {
		if ms, ok := numeric(s.Attributes[part.key]); ok && (v.database || milliseconds(ms) >= remarkable) {
			notes = append(notes, note{part.name + shortDuration(milliseconds(ms)), part.style})
		}
	}
	if runs, _ := numeric(s.Attributes[runsKey]); runs > 1 {
		notes = append(notes, note{"run " + strconv.FormatFloat(runs, 'f', -1, 64) + " times", yellow})
	}
	if names := texts(s.Attributes[operationsKey]); v.database && len(names) > 0 {
		notes = append(notes, note{plural(len(names), "statement") + ": " + strings.Join(counted(names), ", "), plain})
	}
	return notes
}

// texts returns the strings of a list in printable form.
func texts(list any) []string {
	values, _ := list.([]any)
	var out []string
	for _, value := range values {
		if text, ok := value.(string); ok {
			out = append(out, printable(text))
		}
	}
	return out
}

func (v *view) foldedRow(calls []*Node) row {
	var names, services []string
	var total time.Duration
	for _, call := range calls {
		total += call.Duration // it includes the calls below
		call.walk(func(n *Node, _ int) {
			names = append(names, printable(n.Name))
			services = append(services, printable(n.Service))
		}, 0)
	}
	slices.Sort(services)
	r := row{service: strings.Join(slices.Compact(services), ", ")}
	what := "(" + plural(len(names), "database span") + ": "
	if v.shape {
		slices.Sort(names)
		r.name = what + strings.Join(counted(names), ", ") + ")"
		return r
	}
	distinct := counted(names)
	if last := len(distinct) - 1; last >= shownStatements {
		distinct = append(distinct[:shownStatements-2:shownStatements-2], "…", distinct[last])
	}
	r.name = what + strings.Join(distinct, ", ") + ")"
	r.start, r.took = v.offset(calls[0]), shortDuration(total)
	return r
}

// counted folds equal neighbours: "SELECT", "SELECT" becomes "SELECT ×2".
func counted(names []string) []string {
	var out []string
	for i := 0; i < len(names); {
		n := 1
		for i+n < len(names) && names[i+n] == names[i] {
			n++
		}
		if n > 1 {
			out = append(out, names[i]+" ×"+strconv.Itoa(n))
		} else {
			out = append(out, names[i])
		}
		i += n
	}
	return out
}
