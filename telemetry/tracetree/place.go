package tracetree

import (
	"container/list"
	"iter"
)

// place is where a span is in a story: under which place, with which name and service, and how many spans of that name and
// service follow it there. Equal places of different stories are equal values.
type place struct {
	above         int // the number of the place above
	name, service string
	left          int
}

// merger puts the spans of several stories that have one place together. [Differ] and [NewComparison] share it.
type merger struct {
	numbers map[place]int
	at      map[int]*list.Element // the hop of each place that has one
	order   *list.List            // of *mergedHop
}

// mergedHop has the spans of one place, by side.
type mergedHop struct {
	depth int
	sides [2][]*Node
}

func newMerger() *merger {
	return &merger{numbers: map[place]int{}, at: map[int]*list.Element{}, order: list.New()}
}

// merge adds the spans of a story to one side, without those of databases. A place that is new goes behind the one before it.
func (m *merger) merge(side int, t *Tree) {
	var before *list.Element
	m.visit(Join(t).Roots, 0, 0, func(number, depth int, n *Node) {
		e := m.at[number]
		switch {
		case e != nil:
		case before == nil:
			e = m.order.PushFront(&mergedHop{depth: depth})
		default:
			e = m.order.InsertAfter(&mergedHop{depth: depth}, before)
		}
		m.at[number], before = e, e
		h := e.Value.(*mergedHop) //nolint:forcetypeassert // the list has nothing else
		h.sides[side] = append(h.sides[side], n)
	})
}

// visit calls add for each span with the number of its place. Spans of one name and service are numbered from the last.
func (m *merger) visit(nodes []*Node, above, depth int, add func(number, depth int, n *Node)) {
	left := make(map[place]int, len(nodes))
	for _, n := range nodes {
		left[place{above: above, name: n.Name, service: n.Service}]++
	}
	for _, n := range nodes {
		p := place{above: above, name: n.Name, service: n.Service}
		count := left[p]
		left[p]--
		if isDatabase(n.Span) {
			continue
		}
		p.left = count
		number, known := m.numbers[p]
		if !known {
			number = len(m.numbers) + 1
			m.numbers[p] = number
		}
		add(number, depth, n)
		m.visit(n.Children, number, depth+1, add)
	}
}

// pair puts a place that only the first side has together with one that only the second has, if name and service are the same: of
// two messages that arrive in another order, the same work follows under another span.
func (m *merger) pair() {
	alone := map[place][]*mergedHop{}
	for e := m.order.Front(); e != nil; e = e.Next() {
		if h := e.Value.(*mergedHop); len(h.sides[1]) == 0 { //nolint:forcetypeassert // the list has nothing else
			alone[h.name()] = append(alone[h.name()], h)
		}
	}
	for e := m.order.Front(); e != nil; {
		h, at := e.Value.(*mergedHop), e //nolint:forcetypeassert // the list has nothing else
		e = e.Next()
		if len(h.sides[0]) > 0 || len(alone[h.name()]) == 0 {
			continue
		}
		alone[h.name()][0].sides[1] = h.sides[1]
		alone[h.name()] = alone[h.name()][1:]
		m.order.Remove(at)
	}
}

// name is the name and the service of a hop, wherever it is.
func (h *mergedHop) name() place {
	for _, nodes := range h.sides {
		if len(nodes) > 0 {
			return place{name: nodes[0].Name, service: nodes[0].Service}
		}
	}
	return place{}
}

// hops returns the places in order: those of the first story, and each other one behind the place before it in its own story.
func (m *merger) hops() iter.Seq[*mergedHop] {
	m.pair()
	return func(yield func(*mergedHop) bool) {
		for e := m.order.Front(); e != nil; e = e.Next() {
			if !yield(e.Value.(*mergedHop)) { //nolint:forcetypeassert // the list has nothing else
				return
			}
		}
	}
}
