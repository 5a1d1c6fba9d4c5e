package tracetree

// causes finds the span that led to another one: across queues, attempts and traces.
type causes struct {
	known   map[key]*Node
	parents map[*Node]*Node
	first   *Node // the earliest span
}

func newCauses(t *Tree) *causes {
	nodes := t.nodes()
	c := &causes{known: make(map[key]*Node, len(nodes)), parents: make(map[*Node]*Node, len(nodes))}
	for _, n := range nodes {
		if c.first == nil || byStart(n, c.first) < 0 {
			c.first = n
		}
		c.known[n.key()] = n
		for _, child := range n.Children {
			c.parents[child] = n
		}
	}
	return c
}

// isSend reports whether the span created a message. A client span that sends is one only if it is the message's only context.
func (n *Node) isSend() bool {
	h := n.message()
	return h.does == sending && (n.Kind != KindClient || h.leads && !h.covers)
}

func (n *Node) isProcess() bool { return n.message().does == handling }

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
	if sent := n.message().origin; sent != nil && n.isProcess() {
		return sent
	}
	return nil
}

// unhandled reports whether n is a send of a message that has no process span.
func (c *causes) unhandled(n *Node) bool { return n.isSend() && !n.message().handled }
