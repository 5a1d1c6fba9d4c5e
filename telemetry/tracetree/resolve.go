package tracetree

import "cmp"

// slot is a message in one queue.
type slot struct{ queue, message string }

// guess separates a queue whose name is a guess from the service.
const guess = "\x00"

// slot returns the slot of a message that the span handles. Services do not share a queue whose name is a guess.
func (n *Node) slot(id string) slot {
	h := n.message()
	if h.guessed {
		return slot{h.Queue + guess + n.Service, id}
	}
	return slot{h.Queue, id}
}

// resolver finds the messages of spans, and what led to them. The order of the nodes is that of their starts.
type resolver struct {
	nodes []*Node
	known map[key]*Node
	sends map[string][]*Node // by message id, by start
	turns map[slot]*turns
	// handled has the ids of the messages that a span handles.
	handled map[string]bool
}

// resolve works out the hops of all nodes.
func resolve(nodes []*Node, known map[key]*Node) {
	r := &resolver{nodes: nodes, known: known}
	count := 0
	for _, n := range nodes {
		if n.hop = newHop(n); n.hop != nil {
			count++
		}
	}
	if count == 0 {
		return
	}
	r.sends, r.turns, r.handled = make(map[string][]*Node, count), make(map[slot]*turns, count), make(map[string]bool, count)
	r.hops(r.around)
	r.hops(r.identifySend)
	r.hops(r.drop)
	r.hops(r.identify)
	r.hops(r.deliver)
	r.hops(r.measure)
}

func (r *resolver) hops(visit func(*Node, *hop)) {
	for _, n := range r.nodes {
		if n.hop != nil {
			visit(n, n.hop)
		}
	}
}

// related calls visit for the messaging spans that are the parent of n or linked from n.
func (r *resolver) related(n *Node, visit func(*Node)) {
	call := func(k key) {
		if other := r.known[k]; other != nil && other != n && other.hop != nil {
			visit(other)
		}
	}
	if n.ParentID != "" {
		call(n.parentKey())
	}
	for _, l := range n.Links {
		if l.key() != n.parentKey() {
			call(l.key())
		}
	}
}

// around notes for a create span which span sent the message, and takes over from a settle span how the message was settled.
func (r *resolver) around(n *Node, h *hop) {
	switch h.Operation {
	case opSend:
		r.related(n, func(created *Node) {
			if created.hop.Operation == opCreate {
				created.hop.sentBy, h.covers = n, true
			}
		})
	case opCreate:
		if parent := r.known[n.parentKey()]; n.ParentID != "" && parent != nil && parent.hop != nil && parent.hop.Operation == opSend {
			h.sentBy, parent.hop.covers = parent, true
		}
	case opSettle:
		r.related(n, func(handler *Node) {
			if handler.hop.does == handling && handler.hop.settled == "" && !n.failed() {
				handler.hop.settled = n.outcome()
			}
		})
	}
}

// outcome returns how a settle span settles, or "" for one that leaves open what follows.
func (n *Node) outcome() string {
	how := cmp.Or(n.text("messaging.servicebus.disposition_status"), n.text("messaging.operation.name"))
	switch how {
	case "ack", "complete", "commit":
		return "ack"
	case "abandon":
		return "requeue"
	case "dead_letter":
		return "dead"
	default:
		return ""
	}
}

func (r *resolver) identifySend(n *Node, h *hop) {
	if h.does != sending {
		return
	}
	h.ids = []string{cmp.Or(h.MessageID, h.offset, n.TraceID+"-"+n.SpanID)}
	r.sends[h.ids[0]] = append(r.sends[h.ids[0]], n)
}

// drop takes the duty from a receive span whose message a process span handles.
func (r *resolver) drop(n *Node, h *hop) {
	if h.Operation != opProcess && !h.bare {
		return
	}
	r.related(n, func(received *Node) {
		if received.hop.Operation == opReceive {
			received.hop.does = nothing
		}
	})
}
