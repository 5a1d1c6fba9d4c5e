package tracetree

import (
	"cmp"
	"slices"
)

// causes finds the span that led to another one: across queues, attempts and traces.
type causes struct {
	known    map[key]*Node
	sends    map[string][]*Node // producer spans by message id, by start
	attempts map[slot][]*Node   // process spans by queue and message id, by start
	handled  map[string]bool    // ids of the messages that have a process span
	parents  map[*Node]*Node
	first    *Node // the earliest span
}

func newCauses(t *Tree) *causes {
	c := &causes{
		known: map[key]*Node{}, sends: map[string][]*Node{}, attempts: map[slot][]*Node{}, handled: map[string]bool{}, parents: t.parents(),
	}
	var all []*Node
	t.Walk(func(n *Node, _ int) { all = append(all, n) })
	slices.SortStableFunc(all, byStart)
	for i, n := range all {
		if i == 0 {
			c.first = n
		}
		c.known[n.key()] = n
		c.note(n)
	}
	return c
}

// note enters a messaging span under its message id.
func (c *causes) note(n *Node) {
	switch id := n.textID(); {
	case id == "":
	case n.isSend():
		c.sends[id] = append(c.sends[id], n)
	case n.isProcess():
		_, _, queue := n.destination()
		c.attempts[slot{queue, id}] = append(c.attempts[slot{queue, id}], n)
		c.handled[id] = true
	}
}

func (s Span) isSend() bool    { return s.Kind == KindProducer }
func (s Span) isProcess() bool { return s.Kind == KindConsumer }

// attemptBefore returns the latest unsuccessful attempt at the same message in the same queue that began before n, or nil.
func (c *causes) attemptBefore(n *Node) *Node {
	id := n.textID()
	if id == "" || !n.isProcess() {
		return nil
	}
	_, _, queue := n.destination()
	var before *Node
	for _, other := range c.attempts[slot{queue, id}] {
		if other != n && other.Start.Before(n.Start) && other.leaves(other.settlement()) != Done {
			before = other
		}
	}
	return before
}

// textID returns messaging.message.id, or "".
func (s Span) textID() string {
	id, _ := s.Attributes[messageIDKey].(string)
	return id
}

func (s Span) settlement() string {
	how, _ := s.Attributes[settledKey].(string)
	return how
}

// of returns what led to n: its parent; else, the first linked span that is there; else, for a message whose context was
// lost, the latest send of a message with the same id. It returns nil for the first span of a story.
func (c *causes) of(n *Node) *Node {
	if parent := c.parents[n]; parent != nil {
		return parent
	}
	for _, l := range n.Links {
		if target := c.known[l.key()]; target != nil && target != n {
			return target
		}
	}
	if id := n.textID(); n.isProcess() && id != "" {
		sends := c.sends[id]
		at, _ := slices.BinarySearchFunc(sends, n, func(send, n *Node) int { return cmp.Or(send.Start.Compare(n.Start), -1) })
		if at > 0 {
			return sends[at-1]
		}
	}
	return nil
}

// unhandled reports whether n is a send of a message that has no process span.
func (c *causes) unhandled(n *Node) bool {
	return n.isSend() && !c.handled[n.textID()] && !slices.ContainsFunc(n.Children, func(child *Node) bool { return child.isProcess() })
}
