package load

import (
	"cmp"
	"slices"
	"time"

	"traceria/services/order/journey"
	"traceria/telemetry/tracetree"
)

// Hop says how long the messages of one subscription waited, and how long the work on them took. An order's attempts are added up.
type Hop struct {
	// Name is the subscription, such as kitchen.order-confirmed, or the request that placed the order.
	Name    string `json:"name"`
	Service string `json:"service"`
	// Orders is the number of orders with this hop, and Retried those of them that had more than one attempt.
	Orders  int    `json:"orders"`
	Retried int    `json:"retried"`
	Wait    Spread `json:"wait"`
	Work    Spread `json:"work"`
	BackOff Spread `json:"backOff"`
}

// Share is a part of the time to delivery, over all orders that were checked.
type Share struct {
	Kind tracetree.StepKind `json:"kind"`
	// Share is from 0 to 1.
	Share float64 `json:"share"`
	Spread
}

// hopTimes collects the times of several traces.
type hopTimes struct {
	byName map[string]*hopTime
	kinds  map[tracetree.StepKind][]time.Duration
	traces int
}

// hopTime has the times of one hop, one for each order.
type hopTime struct {
	Hop
	after               time.Duration // the sum of the times from the first span to this hop
	wait, work, backOff []time.Duration
}

// add adds a trace.
func (h *hopTimes) add(tree *tracetree.Tree) {
	if h.byName == nil {
		h.byName, h.kinds = map[string]*hopTime{}, map[tracetree.StepKind][]time.Duration{}
	}
	h.traces++
	tree = tracetree.Join(tree)
	h.addHops(tree)
	spent := map[tracetree.StepKind]time.Duration{}
	for _, step := range tracetree.CriticalPath(tree, journey.IsDelivery).Steps {
		spent[step.Kind] += step.Took
	}
	for kind, took := range spent {
		h.kinds[kind] = append(h.kinds[kind], took)
	}
}

// addHops adds what each hop of one trace took.
func (h *hopTimes) addHops(tree *tracetree.Tree) {
	began := tracetree.Summarize(tree).Start
	here := map[string]*hopTime{}
	tree.Walk(func(n *tracetree.Node, depth int) {
		name := n.Name
		switch m, _ := n.Messaging(); {
		case n.Handles():
			name = m.Queue
		case depth > 0 || n.Kind != tracetree.KindServer:
			return
		}
		t := here[name]
		if t == nil {
			t = h.enter(name, n, began)
			here[name] = t
		}
		last := len(t.work) - 1
		t.work[last] += n.Duration
		if w := n.Queued(); w.Known {
			t.wait[last] += w.Time
		}
		if took, again := n.BackOff(); again {
			if t.backOff[last] == 0 {
				t.Retried++
			}
			t.backOff[last] += took
		}
	})
}

// enter begins the times of one order at a hop.
func (h *hopTimes) enter(name string, n *tracetree.Node, began time.Time) *hopTime {
	t := h.byName[name]
	if t == nil {
		t = &hopTime{Hop: Hop{Name: name, Service: n.Service}}
		h.byName[name] = t
	}
	t.Orders++
	t.after += n.Start.Sub(began)
	t.wait, t.work, t.backOff = append(t.wait, 0), append(t.work, 0), append(t.backOff, 0)
	return t
}

// hops returns the hops in the order in which the orders reached them.
func (h *hopTimes) hops() []Hop {
	times := make([]*hopTime, 0, len(h.byName))
	for _, t := range h.byName {
		t.Wait, t.Work, t.BackOff = spreadOf(t.wait), spreadOf(t.work), spreadOf(t.backOff)
		times = append(times, t)
	}
	slices.SortFunc(times, func(a, b *hopTime) int {
		return cmp.Or(cmp.Compare(a.after/time.Duration(a.Orders), b.after/time.Duration(b.Orders)), cmp.Compare(a.Name, b.Name))
	})
	hops := make([]Hop, len(times))
	for i, t := range times {
		hops[i] = t.Hop
	}
	return hops
}

// shares returns the parts of the time to delivery, the greatest first. An order without a part has 0 of it.
func (h *hopTimes) shares() []Share {
	var whole time.Duration
	sums := map[tracetree.StepKind]time.Duration{}
	for kind, times := range h.kinds {
		for _, took := range times {
			sums[kind] += took
			whole += took
		}
	}
	shares := []Share{}
	for kind, times := range h.kinds {
		if sums[kind] > 0 {
			times = append(times, make([]time.Duration, h.traces-len(times))...)
			shares = append(shares, Share{kind, float64(sums[kind]) / float64(whole), spreadOf(times)})
		}
	}
	slices.SortFunc(shares, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Kind, b.Kind)) })
	return shares
}
