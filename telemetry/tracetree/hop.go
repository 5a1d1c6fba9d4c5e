package tracetree

import (
	"strings"
	"time"
)

// hop is what a messaging span says, and what the spans around it say about it. [Build] works it out once for each tree.
type hop struct {
	Messaging
	does duty
	bare bool // only the span's kind says that it is about messages
	// ids identify the messages: one, or several for a batch.
	ids []string
	// sends are the spans that sent the messages, as parent or links say, and sent is the one from which the wait counts, or nil.
	sends []*Node
	sent  *Node
	// origin is the latest send of the message, also before attempts that failed.
	origin *Node
	// handled reports that a span handles what this one sent, and leads that parent or link of that span name this one.
	handled, leads bool
	// sentBy is the span that sent what this one created, or nil.
	sentBy *Node
	// covers reports that create spans stand for the messages that this span sent.
	covers bool
	// before is the unsuccessful attempt at the same message in the same queue before this one, or nil.
	before *Node
	// last is the attempt before this one, successful or not, or nil.
	last    *Node
	attempt int
	settled string
	waited  Waited
	// early is the span that this one follows, if it starts before it: the clocks disagree.
	early *Node
}

// duty is the part that a span has in the life of a message.
type duty int

const (
	nothing duty = iota // it receives for a process span, it settles, or it is not about messages
	sending
	handling
)

// Waited is the time of a message in its queue before a span.
type Waited struct {
	// Known is false if neither an attribute nor a send span tells the wait.
	Known bool
	// Told reports that the attribute traceria.queue.wait_ms gives the wait. Otherwise the wait counts from the end of the send span
	// to the start of the process span, and clocks may differ.
	Told bool
	Time time.Duration // 0 or more
}

// none stands for the hop of a span that is not about messages.
var none = &hop{}

func (n *Node) message() *hop {
	if n.hop == nil {
		return none
	}
	return n.hop
}

// Messaging returns what the node's span says about messages, and false if it says nothing.
func (n *Node) Messaging() (Messaging, bool) {
	return n.message().Messaging, n.hop != nil && !n.hop.bare
}

// Handles reports whether the span handles a message. Of a receive and a process span for one message, it is the latter.
func (n *Node) Handles() bool { return n.message().does == handling }

// Sends reports whether the span sends a message or creates one.
func (n *Node) Sends() bool { return n.message().does == sending }

// Waited returns the wait in the queue before the span.
func (n *Node) Waited() Waited { return n.message().waited }

// Attempt returns the number of the delivery that the span handles, from 1, or 0 if it handles none. If no attribute tells it,
// the process spans of one message in one queue are counted.
func (n *Node) Attempt() int { return n.message().attempt }

// Before returns the unsuccessful attempt at the same message in the same queue before this span, or nil.
func (n *Node) Before() *Node { return n.message().before }

// Settled returns ack, retry, requeue, pause, dead, or "" if no span tells how the message was settled.
func (n *Node) Settled() string { return n.message().settled }

// BackOff returns the time from the end of the attempt before until the message was in its queue again, and false if this is the
// first attempt. If the wait of the message began in that attempt, all of the time since then is back-off.
func (n *Node) BackOff() (time.Duration, bool) {
	h := n.message()
	if h.before == nil {
		return 0, false
	}
	since, all := n.sinceBefore()
	if !all {
		since -= h.waited.Time
	}
	return since, true
}

// Queued returns the wait of the message in its queue without any back-off before, for pictures that draw both apart.
func (n *Node) Queued() Waited {
	h := n.message()
	if h.before != nil {
		if _, all := n.sinceBefore(); all {
			return Waited{}
		}
	}
	return h.waited
}

// sinceBefore returns the time since the end of the attempt before, and whether the wait of the message, if it is known, began before
// that end. An attribute tells a wait in whole milliseconds, which may be nearly one too few.
func (n *Node) sinceBefore() (since time.Duration, all bool) {
	h := n.message()
	since = max(n.Start.Sub(h.before.End()), 0)
	wait := h.waited.Time
	if h.waited.Told {
		wait += time.Millisecond
	}
	return since, !h.waited.Known || wait >= since
}

// newHop reads a span. It returns nil for a span that is not about messages.
func newHop(n *Node) *hop {
	m, is := MessagingOf(n.Span)
	if !is && n.Kind != KindProducer && n.Kind != KindConsumer {
		return nil
	}
	h := &hop{Messaging: m, bare: !is, settled: n.settlement()}
	if !is {
		h.Operation = byKind[n.Kind]
	}
	switch {
	case h.Operation == opSend, h.Operation == opCreate:
		h.does = sending
	case h.Operation == opProcess, h.Operation == opReceive && n.Kind != KindClient:
		h.does = handling
	}
	return h
}

// settlement returns how the span says that its message was settled, or "". Node's amqplib says it in the message of the status:
// "nack called on message with requeue". What is not requeued becomes a dead letter, or is dropped by a queue without a
// dead-letter exchange.
func (s Span) settlement() string {
	if how := s.text(settledKey); how != "" {
		return how
	}
	switch {
	case strings.HasSuffix(s.StatusMessage, " called on message with requeue"):
		return "requeue"
	case strings.HasSuffix(s.StatusMessage, " called on message without requeue"):
		return "dead"
	default:
		return ""
	}
}
