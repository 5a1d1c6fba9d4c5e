package tracetree

import (
	"cmp"
	"slices"
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
	// Waited is the time of the message in its queue, without a back-off, or 0.
	Waited time.Duration `json:"waitedMs"`
	// BackOff is the time from the attempt before until the message was in its queue again, or 0.
	BackOff time.Duration `json:"backOffMs"`
	Took    time.Duration `json:"durationMs"`
	Error   string        `json:"error,omitempty"`
}

// Differ compares two stories place by place. Two spans have the same place if they have the same name and service, and so have
// the spans above them. Of several in one place, the last is compared with the last, and so on: after failed attempts, it is
// the last one that did the work.
func Differ(a, b *Tree) Difference {
	d := Difference{A: extent(a), B: extent(b)}
	m := newMerger()
	m.merge(0, a)
	m.merge(1, b)
	for h := range m.hops() {
		d.Hops = append(d.Hops, h.difference())
	}
	return d
}

// difference returns the hop of two stories.
func (h *mergedHop) difference() HopDifference {
	first := h.sides[0]
	if len(first) == 0 {
		first = h.sides[1]
	}
	return HopDifference{
		Name: first[0].Name, Service: first[0].Service, Attempt: first[0].Attempt(), A: hopTimes(h.sides[0]), B: hopTimes(h.sides[1]),
	}
}

func hopTimes(nodes []*Node) *HopTimes {
	if len(nodes) == 0 {
		return nil
	}
	n := nodes[0]
	backOff, _ := n.BackOff()
	return &HopTimes{Waited: n.Queued().Time, BackOff: backOff, Took: n.Duration, Error: n.reason()}
}

func extent(t *Tree) Extent {
	if len(t.Roots) == 0 {
		return Extent{}
	}
	spans, _, first, last := sum(t.Roots)
	return Extent{Spans: spans, Took: last.Sub(first)}
}

// Change is a time of a hop that differs.
type Change struct {
	HopDifference
	// What is "waited", "back-off" or "took".
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
		for _, c := range []Change{
			{h, waitedWord, h.A.Waited, h.B.Waited}, {h, string(BackOff), h.A.BackOff, h.B.BackOff}, {h, tookWord, h.A.Took, h.B.Took},
		} {
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
