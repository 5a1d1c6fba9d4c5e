package tracetree

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A person needs to see that a transaction happened and what it touched, not each statement.
const shownStatements = 4

// foldable says whether a span and everything below it are database calls that went well. What failed is shown
// by itself: folding must not hide the reason why somebody looks.
func foldable(n *Node) bool {
	if !isDatabase(n.Span) || n.failed() || n.injected() != "" {
		return false
	}
	return !slices.ContainsFunc(n.Children, func(child *Node) bool { return !foldable(child) })
}

// isDatabase follows the conventions: a client span with db.system.name (db.system before semconv 1.30).
func isDatabase(s Span) bool {
	return s.Kind == KindClient && (s.Attributes["db.system.name"] != nil || s.Attributes["db.system"] != nil)
}

func (v *view) foldedRow(calls []*Node) row {
	var names, services []string
	var total time.Duration
	for _, call := range calls {
		total += call.Duration // calls below it lie within it
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

// counted folds equal neighbours: SELECT, SELECT becomes SELECT ×2.
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
