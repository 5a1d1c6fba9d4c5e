package tracetree

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// NewWaterfall draws a tree, which is a joined one ([Join]) if links lead from trace to trace. path is the critical path of the
// tree, or the zero value for none.
func NewWaterfall(t *Tree, path Path) Waterfall {
	w := Waterfall{Rows: []Row{}, Links: []RowLink{}}
	p := painter{at: map[key]int{}}
	t.Walk(func(n *Node, depth int) { p.enter(n, depth) })
	if len(p.nodes) == 0 {
		return w
	}
	w.Start, w.End = p.start, p.end
	w.Rows = make([]Row, len(p.nodes))
	for i, n := range p.nodes {
		w.Rows[i] = p.row(i, n)
		w.Links = p.links(w.Links, i, n)
	}
	p.critical(w.Rows, path)
	return w
}

// painter has the nodes in the order of the rows.
type painter struct {
	nodes      []*Node
	parents    []int
	depths     []int
	above      []int // the rows that lead to the one that is entered
	at         map[key]int
	start, end time.Time
}

func (p *painter) enter(n *Node, depth int) {
	i := len(p.nodes)
	parent := -1
	if p.above = append(p.above[:depth], i); depth > 0 {
		parent = p.above[depth-1]
	}
	p.nodes, p.parents, p.depths = append(p.nodes, n), append(p.parents, parent), append(p.depths, depth)
	if _, known := p.at[n.key()]; !known {
		p.at[n.key()] = i
	}
	if i == 0 || n.Start.Before(p.start) {
		p.start = n.Start
	}
	if i == 0 || n.End().After(p.end) {
		p.end = n.End()
	}
}

func (p *painter) row(i int, n *Node) Row {
	r := Row{
		TraceID: n.TraceID, SpanID: n.SpanID, Parent: p.parents[i], Depth: p.depths[i], Name: n.Name, Service: n.Service, Kind: n.Kind,
		Failed: n.failed(), Error: n.reason(), StartMS: p.ms(n.Start), DurationMS: inMilliseconds(max(n.Duration, 0)),
		Attempt: n.Attempt(), Settled: n.Settled(), Duplicate: n.Attributes[duplicateKey] == true, Injected: n.injections(),
		Database: isDatabase(n.Span), Joined: n.joined != nil, Warning: n.warn(p.node(n.parentKey())),
	}
	if m, is := n.Messaging(); is {
		r.Messaging = &RowMessaging{
			System: m.System, Operation: m.Operation, Exchange: m.Exchange, RoutingKey: m.RoutingKey, Topic: m.Topic, Queue: m.Queue,
			MessageID: m.MessageID, Old: m.Old,
		}
	}
	p.waits(&r, n)
	return r
}

func (p *painter) node(k key) *Node {
	if i, known := p.at[k]; known && k.span != "" {
		return p.nodes[i]
	}
	return nil
}

// waits adds wait and back-off, which follow each other: attempt, back-off, wait, next attempt.
func (p *painter) waits(r *Row, n *Node) {
	if w := n.Queued(); w.Known {
		r.Wait = &RowWait{MS: inMilliseconds(w.Time), Told: w.Told, Queue: n.message().Queue}
	}
	before := n.Before()
	if before == nil {
		return
	}
	backOff, _ := n.BackOff()
	r.BackOff = &RowBackOff{MS: inMilliseconds(backOff), After: before.Attempt(), Dead: before.Settled() == "dead"}
	r.Redriven = r.BackOff.Dead
}

// ms is a time on the axis of the waterfall.
func (p *painter) ms(at time.Time) float64 { return inMilliseconds(at.Sub(p.start)) }

// injections are the keys of the failures that were injected into the span or that it suffers from.
func (s Span) injections() []string {
	if keys := s.text(failureKey); keys != "" {
		return strings.FieldsFunc(keys, func(r rune) bool { return r == ',' || r == ' ' })
	}
	if s.Attributes[injectedKey] == true {
		return []string{"injected"}
	}
	return nil
}

// links appends the links of a span, but for the one to its own parent.
func (p *painter) links(links []RowLink, i int, n *Node) []RowLink {
	for _, l := range n.Links {
		if n.ParentID != "" && l.key() == n.parentKey() && len(l.Attributes) == 0 {
			continue
		}
		to, known := p.at[l.key()]
		if !known {
			to = -1
		}
		links = append(links, RowLink{From: i, To: to, TraceID: l.TraceID, SpanID: l.SpanID, Attributes: encodableAll(l.Attributes)})
	}
	return links
}

// critical marks the parts of the rows that are on the path, those that touch as one.
func (p *painter) critical(rows []Row, path Path) {
	steps := slices.Clone(path.Steps)
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Took, b.Took)) })
	for _, s := range steps {
		i, known := p.at[key{s.TraceID, s.SpanID}]
		if !known || s.Kind == Unknown {
			continue // what no span tells belongs to no row
		}
		r := &rows[i]
		from, to := p.ms(s.Start), p.ms(s.Start.Add(s.Took))
		if last := len(r.Critical) - 1; last >= 0 && from <= r.Critical[last][1] {
			r.Critical[last][1] = max(to, r.Critical[last][1])
		} else {
			r.Critical = append(r.Critical, [2]float64{from, to})
		}
	}
}
