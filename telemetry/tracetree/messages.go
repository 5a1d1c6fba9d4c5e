package tracetree

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Messages folds spans into messages, one for each message and queue, in the order in which their queues become known. A send span without a
// process span is a message that waits.
func Messages(spans []Span, routing Routing) []Message {
	nodes := fold(spans) // by start, each span once
	resolve(nodes, index(nodes))
	return messagesOf(nodes, routing)
}

// Messages is the function [Messages] for a tree that is there already.
func (t *Tree) Messages(routing Routing) []Message {
	nodes := t.nodes()
	slices.SortStableFunc(nodes, byStart)
	return messagesOf(nodes, routing)
}

func messagesOf(nodes []*Node, routing Routing) []Message {
	l := ledger{routing: routing, known: map[slot]*entry{}, open: map[string][]sent{}}
	for i, n := range nodes {
		switch h := n.message(); {
		case h.bare || h.covers:
		case h.does == sending:
			l.send(i, n, n.sender().Span)
		case h.does == handling:
			l.process(i, n)
		}
	}
	l.deliver()
	slices.SortStableFunc(l.entries, func(a, b *entry) int { return cmp.Compare(a.place, b.place) })
	messages := make([]Message, len(l.entries))
	for i, e := range l.entries {
		messages[i] = e.conclude()
	}
	return messages
}

type ledger struct {
	routing Routing
	known   map[slot]*entry
	entries []*entry
	// open has the sends of which only process spans tell the queue, by message.
	open  map[string][]sent
	order []string // of open
}

// sent is a send whose queue is not known yet.
type sent struct {
	place int
	node  *Node
	by    Span
}

// entry is a message whose state is not decided yet.
type entry struct {
	Message
	same  string // equal for ids of the same message
	place int    // the number of the first span
	turns []turn
}

// turn is something that gave the message a state.
type turn struct {
	at    time.Time
	state State
	why   string
	// follows decides which turn is the latest. A send follows what ended before it began: its confirm may come after the
	// message was handled.
	follows time.Time
}

func (l *ledger) same(id string) string {
	if l.routing.Same != nil {
		return l.routing.Same(id)
	}
	return id
}

func (l *ledger) entry(place int, at slot, n *Node) *entry {
	id := at.message
	at.message = l.same(id)
	e := l.known[at]
	if e == nil {
		m := n.message()
		queue, _, _ := strings.Cut(at.queue, guess)
		e = &entry{Message: Message{ID: id, Queue: queue, Exchange: m.Exchange, RoutingKey: m.RoutingKey, Topic: m.Topic}, same: at.message, place: place}
		l.known[at] = e
		l.entries = append(l.entries, e)
	}
	return e
}

// send enters a message into the queues that it was sent to. by is the span that published, which is n unless n only created
// the message.
func (l *ledger) send(place int, n *Node, by Span) {
	m := n.message()
	var routes []Route
	if l.routing.Routes != nil {
		routes = l.routing.Routes(m.Exchange, m.RoutingKey)
	}
	if len(routes) == 0 && by.failed() {
		routes = []Route{{}}
	}
	for _, route := range routes {
		l.entry(place, slot{route.Queue, m.ids[0]}, n).sent(by, route)
	}
	if len(routes) == 0 && !l.routing.knows(m.Exchange) {
		same := l.same(m.ids[0])
		if l.open[same] == nil {
			l.order = append(l.order, same)
		}
		l.open[same] = append(l.open[same], sent{place, n, by})
	}
}

func (r Routing) knows(exchange string) bool {
	if r.Knows == nil {
		return r.Routes != nil
	}
	return r.Knows(exchange)
}

// deliver enters the sends without a known queue into the queues in which the message was handled.
func (l *ledger) deliver() {
	if len(l.order) == 0 {
		return
	}
	handled := map[string][]*entry{}
	for _, e := range l.entries {
		handled[e.same] = append(handled[e.same], e)
	}
	for _, same := range l.order {
		for _, s := range l.open[same] {
			m := s.node.message()
			into := handled[same]
			if len(into) == 0 {
				queue := ""
				if m.direct {
					queue = m.Queue
				}
				into = []*entry{l.entry(s.place, slot{queue, m.ids[0]}, s.node)}
				handled[same] = into
			}
			for _, e := range into {
				if e.Sent == nil {
					e.Exchange, e.RoutingKey, e.Topic = m.Exchange, m.RoutingKey, m.Topic
				}
				e.sent(s.by, Route{Queue: e.Queue})
			}
		}
	}
}

// sent enters a publish of the message.
func (e *entry) sent(by Span, route Route) {
	if e.Producer == "" && !route.Dead {
		e.Producer = by.Service
	}
	state := Queued
	switch {
	case route.Dead && by.failed():
		return // the consumer gives the message back, and another attempt follows
	case route.Dead:
		state = Dead
	case by.failed():
		state = Unsent
	}
	if state == Queued || state == Unsent && e.unsent() {
		e.Sent = &Link{TraceID: by.TraceID, SpanID: by.SpanID}
	}
	follows := by.Start
	if route.Dead {
		follows = by.End()
	}
	e.turns = append(e.turns, turn{by.End(), state, by.reason(), follows})
}

// unsent reports whether each publish so far has failed.
func (e *entry) unsent() bool {
	return !slices.ContainsFunc(e.turns, func(t turn) bool { return t.state != Unsent })
}

// process enters an attempt at each message that the span handles.
func (l *ledger) process(place int, n *Node) {
	attempt := Attempt{
		Number: n.Attempt(), Start: n.Start, End: n.End(), Settled: n.Settled(),
		Error: n.reason(), TraceID: n.TraceID, SpanID: n.SpanID,
	}
	for _, id := range n.message().ids {
		e := l.entry(place, n.slot(id), n)
		e.Consumer = n.Service
		e.Attempts = append(e.Attempts, attempt)
		e.turns = append(e.turns, turn{attempt.End, n.leaves(attempt.Settled), attempt.Error, attempt.End})
	}
}
