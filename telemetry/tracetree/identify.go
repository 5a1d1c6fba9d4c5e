package tracetree

import (
	"cmp"
	"slices"
)

// identify finds the messages that a span handles. A message without an id is known by its send span, which is the parent or
// linked. A span with several links handles a batch.
func (r *resolver) identify(n *Node, h *hop) {
	if h.does != handling {
		return
	}
	r.related(n, func(other *Node) {
		if other.hop.does == sending {
			h.sends = append(h.sends, other)
			other.hop.handled, other.hop.leads = true, true
		}
	})
	h.ids = r.messages(n, h)
	for _, id := range h.ids {
		r.handled[id] = true
	}
}

// deliver marks the sends of the messages that a span handles.
func (r *resolver) deliver(_ *Node, h *hop) {
	if h.does != sending {
		return
	}
	h.handled = h.handled || r.handled[h.ids[0]]
	if h.handled && h.sentBy != nil {
		h.sentBy.hop.handled = true
	}
}

func (r *resolver) messages(n *Node, h *hop) []string {
	if h.MessageID != "" {
		// A send span may lack the id that the broker gave to the message.
		if len(h.sends) == 1 && h.sends[0].hop.MessageID == "" {
			return h.sends[0].hop.ids
		}
		return []string{h.MessageID}
	}
	ids := make([]string, len(h.sends))
	for i, send := range h.sends {
		ids[i] = send.hop.ids[0]
	}
	if len(ids) > 1 {
		slices.Sort(ids)
		ids = slices.Compact(ids)
	}
	if len(ids) > 0 {
		return ids
	}
	return []string{cmp.Or(h.offset, r.creation(n))}
}

// creation is the id of a message whose send span is not here.
func (r *resolver) creation(n *Node) string {
	if len(n.Links) > 0 {
		return n.Links[0].TraceID + "-" + n.Links[0].SpanID
	}
	if n.ParentID != "" && r.known[n.parentKey()] == nil {
		return n.TraceID + "-" + n.ParentID
	}
	return n.TraceID + "-" + n.SpanID // several messages may have one parent, such as a loop that polls
}
