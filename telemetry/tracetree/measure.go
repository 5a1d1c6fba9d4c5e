package tracetree

import (
	"cmp"
	"slices"
)

// turns are the attempts at one message in one queue so far.
type turns struct {
	attempt int
	last    *Node
	// failed is the latest unsuccessful attempt, and older the latest one that began before failed did.
	failed, older *Node
}

// measure works out attempt and wait. All spans that began before have theirs.
func (r *resolver) measure(n *Node, h *hop) {
	if h.does != handling {
		return
	}
	told := h.attemptTold(n)
	for _, id := range h.ids {
		if h.bare {
			break // a queue and a message are not known
		}
		at := n.slot(id)
		t := r.turns[at]
		if t == nil {
			t = &turns{}
			r.turns[at] = t
		}
		h.attempt = max(h.attempt, t.attempt+1)
		if h.last == nil {
			h.last = t.last
		}
		if before := t.next(n, told); h.before == nil {
			h.before = before
		}
	}
	if told > 0 {
		h.attempt = told
	}
	h.wait(n, r)
}

func (h *hop) attemptTold(n *Node) int {
	attempt, _ := numeric(n.Attributes[attemptKey])
	return int(min(max(attempt, 0), maxAttempt))
}

// maxAttempt keeps a hostile number in the range of int.
const maxAttempt = 1 << 30

// next enters an attempt and returns the unsuccessful one before it, or nil.
func (t *turns) next(n *Node, told int) (before *Node) {
	t.attempt, t.last = max(t.attempt+1, told), n
	if before = t.failed; before != nil && !before.Start.Before(n.Start) {
		before = t.older
	}
	if n.leaves(n.Settled()) != Done {
		if t.failed == nil || t.failed.Start.Before(n.Start) {
			t.older = t.failed
		}
		t.failed = n
	}
	return before
}

// wait takes the wait from the attribute, or works it out.
func (h *hop) wait(n *Node, r *resolver) {
	h.sent = h.lastSend(n, r)
	if h.origin = h.sent; h.origin == nil && h.last != nil {
		h.origin = h.last.hop.origin
	}
	if h.sent != nil && n.Start.Before(h.sent.Start) {
		h.early = h.sent
	}
	if ms, ok := numeric(n.Attributes[waitKey]); ok {
		h.waited = Waited{Known: true, Told: true, Time: max(milliseconds(ms), 0)}
		return
	}
	if h.sent != nil && h.early == nil && !h.bare {
		// A broker delivers before the sender has its confirm: the wait is 0 then.
		h.waited = Waited{Known: true, Time: max(n.Start.Sub(h.sent.End()), 0)}
	}
}

// lastSend returns the send from which the wait counts: the one that parent or link name, else the latest one with the message's
// id. After an attempt it is another send than that of the attempt, such as a redrive. Of a batch it is the earliest.
func (h *hop) lastSend(n *Node, r *resolver) *Node {
	var first *Node
	for _, send := range h.sends {
		if send = send.sender(); h.isNew(send) && (first == nil || send.Start.Before(first.Start)) {
			first = send
		}
	}
	if first != nil || len(h.ids) == 0 {
		return first
	}
	sends := r.sends[h.ids[0]]
	at, _ := slices.BinarySearchFunc(sends, n, func(send, n *Node) int { return cmp.Or(send.Start.Compare(n.Start), -1) })
	if at > 0 && h.isNew(sends[at-1].sender()) {
		return sends[at-1].sender()
	}
	return nil
}

// isNew reports whether a send is another one than that of the attempt before.
func (h *hop) isNew(send *Node) bool {
	return h.last == nil || send != h.last.hop.origin || !send.Start.Before(h.last.End())
}

// sender returns the span that sent what n created, or n.
func (n *Node) sender() *Node {
	if by := n.message().sentBy; by != nil {
		return by
	}
	return n
}
