package tracetree

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Node is a span with its child spans.
type Node struct {
	Span
	Children []*Node
	// Warning says why a span with a parent is a root. It is "" for all other spans.
	Warning string
	// joined is the span of another trace that Join put the node under, or nil.
	joined *Node
	// hop is nil for a span that is not about messages.
	hop *hop
}

// Tree holds the spans of one or several traces.
type Tree struct {
	// Roots has the spans without a parent in the tree, by trace and then by start.
	Roots []*Node `json:"roots"`
	// Orphans has the roots that name a parent: it is missing, or the chain of parents leads back to the span. Each orphan
	// has a Warning.
	Orphans []*Node `json:"-"`
}

// Build folds spans into a tree. Children are sorted by start, name and span id. A repeated span counts once: telemetry is
// delivered at least once. Spans whose parents form a circle become roots. Spans without an id stay and have no children.
func Build(spans []Span) *Tree {
	nodes := fold(spans)
	known := index(nodes)
	resolve(nodes, known)
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

// fold returns a node for each distinct span, sorted by start, name and id. Children that are appended in this order are
// sorted.
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

// index returns the nodes by their spans' ids.
func index(nodes []*Node) map[key]*Node {
	known := make(map[key]*Node, len(nodes))
	for _, n := range nodes {
		if n.SpanID != "" {
			known[n.key()] = n
		}
	}
	return known
}

// preferred tells whether a is the better of two versions of one span: the longer one has ended. The comparison of their JSON
// makes the choice independent of their order.
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

// circles returns the spans that are their own ancestors. It follows each chain of parents once and marks each span with the
// number of the walk that met it first. A walk that meets its own mark has closed a circle.
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

// sortRoots sorts the traces by their first span and keeps the roots of one trace together.
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

// Walk calls visit for every span with its depth (0 for a root), and before its children.
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

// nodes returns all nodes in the order of [Tree.Walk].
func (t *Tree) nodes() []*Node {
	nodes := make([]*Node, 0, 64) // an order has 35 spans
	t.Walk(func(n *Node, _ int) { nodes = append(nodes, n) })
	return nodes
}

// Spans returns all spans in the order of [Tree.Walk].
func (t *Tree) Spans() []Span {
	nodes := t.nodes()
	if len(nodes) == 0 {
		return nil
	}
	spans := make([]Span, len(nodes))
	for i, n := range nodes {
		spans[i] = n.Span
	}
	return spans
}

// traces returns the roots of each trace in order.
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
