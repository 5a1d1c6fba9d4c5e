package tracetree

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Difference compares two stories. Its hops are the spans of both, without the database's, in the order of the first story.
type Difference struct {
	A    Extent          `json:"a"`
	B    Extent          `json:"b"`
	Hops []HopDifference `json:"hops"`
}

// Extent is the size of a story. In JSON, durationMs is a number of milliseconds.
type Extent struct {
	Spans int           `json:"spans"`
	Took  time.Duration `json:"durationMs"`
}

// HopDifference is one place in both stories.
type HopDifference struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	// Attempt is the number of the delivery, or 0.
	Attempt int `json:"attempt,omitempty"`
	// A and B are the times in both stories. One of them is nil if the span is only in the other story.
	A *HopTimes `json:"a"`
	B *HopTimes `json:"b"`
}

// HopTimes are the times of one span. In JSON they are numbers of milliseconds.
type HopTimes struct {
	// Waited is the time of the message in its queue, from traceria.queue.wait_ms, or 0.
	Waited time.Duration `json:"waitedMs"`
	Took   time.Duration `json:"durationMs"`
	Error  string        `json:"error,omitempty"`
}

// Differ compares two stories place by place. Two spans have the same place if they have the same name and service, and so have
// the spans above them. Of several in one place, the last is compared with the last, and so on: after failed attempts, it is
// the last one that did the work.
func Differ(a, b *Tree) Difference {
	d := Difference{A: extent(a), B: extent(b)}
	at := map[string]int{}
	for _, p := range places(Join(a)) {
		at[p.path] = len(d.Hops)
		d.Hops = append(d.Hops, p.hop(p.times(), nil))
	}
	next := 0 // a hop that only b has goes behind the one before it
	for _, p := range places(Join(b)) {
		if i, known := at[p.path]; known {
			d.Hops[i].B, next = p.times(), i+1
			continue
		}
		d.Hops = slices.Insert(d.Hops, next, p.hop(nil, p.times()))
		for path, i := range at {
			if i >= next {
				at[path] = i + 1
			}
		}
		next++
	}
	return d
}

func extent(t *Tree) Extent {
	if len(t.Roots) == 0 {
		return Extent{}
	}
	spans, _, first, last := sum(t.Roots)
	return Extent{Spans: spans, Took: last.Sub(first)}
}

// place is a span and the way from its root.
type place struct {
	*Node
	path string
}

func (p place) hop(a, b *HopTimes) HopDifference {
	return HopDifference{Name: p.Name, Service: p.Service, Attempt: int(p.attempt()), A: a, B: b}
}

func (p place) times() *HopTimes {
	wait, _ := numeric(p.Attributes[waitKey])
	return &HopTimes{Waited: milliseconds(wait), Took: p.Duration, Error: p.reason()}
}

func places(t *Tree) []place {
	var all []place
	var visit func(nodes []*Node, above string)
	visit = func(nodes []*Node, above string) {
		left := map[string]int{}
		for _, n := range nodes {
			left[n.Name+"\x00"+n.Service]++
		}
		for _, n := range nodes {
			own := n.Name + "\x00" + n.Service
			path := above + "\x00" + own + "\x00" + strconv.Itoa(left[own])
			left[own]--
			if isDatabase(n.Span) {
				continue
			}
			all = append(all, place{n, path})
			visit(n.Children, path)
		}
	}
	visit(t.Roots, "")
	return all
}

// Change is a time of a hop that differs.
type Change struct {
	HopDifference
	// What is "waited" or "took".
	What string
	From time.Duration
	To   time.Duration
}

// Changes returns the times of the hops in both stories that differ by at least the given time, the greatest difference first.
func (d Difference) Changes(least time.Duration) []Change {
	var changes []Change
	for _, h := range d.Hops {
		if h.A == nil || h.B == nil {
			continue
		}
		for _, c := range []Change{{h, "waited", h.A.Waited, h.B.Waited}, {h, "took", h.A.Took, h.B.Took}} {
			if by := c.To - c.From; by.Abs() >= least {
				changes = append(changes, c)
			}
		}
	}
	slices.SortStableFunc(changes, func(x, y Change) int {
		return cmp.Compare((y.To - y.From).Abs(), (x.To - x.From).Abs())
	})
	return changes
}
