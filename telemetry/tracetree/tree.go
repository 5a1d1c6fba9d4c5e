package tracetree

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Node is a span with the spans that it caused.
type Node struct {
	Span
	Children []*Node
	// Warning says why a span that names a parent stands at the top all the same, or is "".
	Warning string
}

// Tree holds the spans of one or several traces.
type Tree struct {
	// Roots has every span that hangs from no other: trace by trace, by start.
	Roots []*Node `json:"roots"`
	// Orphans has those roots that do name a parent: it is not in the set, or the chain of parents comes back
	// to the span itself. Each has a Warning.
	Orphans []*Node `json:"-"`
}

// Build folds spans into a tree. Children stand in the order of their start, then of name and span id. A span
// that came twice (delivery of telemetry is at-least-once) is taken once. Spans whose parents form a circle all
// become roots, so that nothing is lost and no walk loops; spans without an id are kept, and cannot be parents.
func Build(spans []Span) *Tree {
	nodes := fold(spans)
	known := make(map[key]*Node, len(nodes))
	for _, n := range nodes {
		if n.SpanID != "" {
			known[n.key()] = n
		}
	}
	t := &Tree{}
	circular := circles(nodes, known)
	for _, n := range nodes {
		parent := known[n.parentKey()]
		switch {
		case n.ParentID == "":
			t.Roots = append(t.Roots, n)
			continue
		case parent == nil:
			n.Warning = "parent " + n.ParentID + " is not in the trace"
		case circular[n]:
			n.Warning = "parent " + n.ParentID + " leads back to this span"
		default:
			parent.Children = append(parent.Children, n)
			continue
		}
		t.Roots = append(t.Roots, n)
		t.Orphans = append(t.Orphans, n)
	}
	t.sortRoots()
	return t
}

// fold makes a node of each distinct span, sorted by start, name, id: appended in this order, children are sorted.
func fold(spans []Span) []*Node {
	seen := make(map[key]*Node, len(spans))
	nodes := make([]*Node, 0, len(spans))
	for _, s := range spans {
		if twin := seen[s.key()]; twin != nil && s.SpanID != "" {
			if preferred(s, twin.Span) {
				twin.Span = s
			}
			continue
		}
		n := &Node{Span: s}
		seen[s.key()] = n
		nodes = append(nodes, n)
	}
	slices.SortStableFunc(nodes, byStart)
	return nodes
}

// preferred decides between two versions of one span: the one that lasted longer is the finished one. The rest
// only makes the choice independent of the order in which they came.
func preferred(a, b Span) bool {
	if a.Duration != b.Duration {
		return a.Duration > b.Duration
	}
	left, _ := json.Marshal(a)
	right, _ := json.Marshal(b)
	return string(left) > string(right)
}

func byStart(a, b *Node) int {
	return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Name, b.Name),
		strings.Compare(a.SpanID, b.SpanID), strings.Compare(a.TraceID, b.TraceID))
}

// circles finds the spans that are their own ancestors. Each chain of parents is followed once: a span is marked
// with the number of the walk that met it first, and a walk that meets its own mark has closed a circle.
func circles(nodes []*Node, known map[key]*Node) map[*Node]bool {
	circular := map[*Node]bool{}
	walk := make(map[*Node]int, len(nodes))
	for i, start := range nodes {
		n := start
		for n != nil && walk[n] == 0 {
			walk[n] = i + 1
			n = parentOf(n, known)
		}
		for n != nil && walk[n] == i+1 && !circular[n] {
			circular[n] = true
			n = parentOf(n, known)
		}
	}
	return circular
}

func parentOf(n *Node, known map[key]*Node) *Node {
	if n.ParentID == "" {
		return nil
	}
	return known[n.parentKey()]
}

// sortRoots puts the traces in the order of their first span, and keeps the roots of one trace together.
func (t *Tree) sortRoots() {
	first := map[TraceID]time.Time{}
	t.Walk(func(n *Node, _ int) {
		if at, ok := first[n.TraceID]; !ok || n.Start.Before(at) {
			first[n.TraceID] = n.Start
		}
	})
	order := func(a, b *Node) int {
		return cmp.Or(first[a.TraceID].Compare(first[b.TraceID]), strings.Compare(a.TraceID, b.TraceID), byStart(a, b))
	}
	slices.SortStableFunc(t.Roots, order)
	slices.SortStableFunc(t.Orphans, order)
}

// Walk calls visit for every span, each before its children, with its depth (0 for a root).
func (t *Tree) Walk(visit func(n *Node, depth int)) {
	for _, root := range t.Roots {
		root.walk(visit, 0)
	}
}

func (n *Node) walk(visit func(*Node, int), depth int) {
	visit(n, depth)
	for _, child := range n.Children {
		child.walk(visit, depth+1)
	}
}

// Spans returns every span once, in the order of [Tree.Walk].
func (t *Tree) Spans() []Span {
	var spans []Span
	t.Walk(func(n *Node, _ int) { spans = append(spans, n.Span) })
	return spans
}

// traces returns the roots of each trace, in order.
func (t *Tree) traces() [][]*Node {
	var groups [][]*Node
	for i, root := range t.Roots {
		if i == 0 || root.TraceID != t.Roots[i-1].TraceID {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], root)
	}
	return groups
}
