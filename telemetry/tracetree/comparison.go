package tracetree

import "time"

// Comparison compares two journeys or two groups of them, place by place, as [Differ] does with two.
type Comparison struct {
	Hops []Hop `json:"hops"`
}

// Hop is a place in the journeys of two groups.
type Hop struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	Kind    string `json:"kind"`
	Queue   string `json:"queue,omitempty"`
	Depth   int    `json:"depth"`
	// A and B are the times in both groups. One of them is nil if the place is only in the other group.
	A *Times `json:"a"`
	B *Times `json:"b"`
}

// Times are the times of the spans of one place in a group. Wait and BackOff are nil if no span has one.
type Times struct {
	Count   int        `json:"count"`
	Wait    *Quantiles `json:"wait"`
	Work    Quantiles  `json:"work"`
	BackOff *Quantiles `json:"backOff"`
	// Errors is the number of failed spans, and Attempts the greatest number of a delivery, or 0.
	Errors   int `json:"errors"`
	Attempts int `json:"attempts"`
}

// NewComparison compares two groups of journeys. Each tree is a journey.
func NewComparison(a, b []*Tree) Comparison {
	m := newMerger()
	for side, trees := range [][]*Tree{a, b} {
		for _, t := range trees {
			m.merge(side, t)
		}
	}
	c := Comparison{Hops: []Hop{}}
	for h := range m.hops() {
		first := h.sides[0]
		if len(first) == 0 {
			first = h.sides[1]
		}
		n := first[0]
		c.Hops = append(c.Hops, Hop{
			Name: n.Name, Service: n.Service, Kind: n.Kind, Queue: n.queue(), Depth: h.depth, A: times(h.sides[0]), B: times(h.sides[1]),
		})
	}
	return c
}

// queue is that of a span that handles a message.
func (n *Node) queue() string {
	if !n.Handles() {
		return ""
	}
	return n.message().Queue
}

func times(nodes []*Node) *Times {
	if len(nodes) == 0 {
		return nil
	}
	t := Times{Count: len(nodes)}
	var waits, works, backOffs []time.Duration
	for _, n := range nodes {
		works = append(works, n.Duration)
		if w := n.Queued(); w.Known { // a back-off is not counted twice
			waits = append(waits, w.Time)
		}
		if d, is := n.BackOff(); is {
			backOffs = append(backOffs, d)
		}
		if n.failed() {
			t.Errors++
		}
		t.Attempts = max(t.Attempts, n.Attempt())
	}
	t.Wait, t.Work, t.BackOff = quantiles(waits), *quantiles(works), quantiles(backOffs)
	return &t
}
