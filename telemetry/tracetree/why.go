package tracetree

import (
	"slices"
	"time"
)

// StepKind says what took the time of a [Step].
type StepKind string

// The kinds of a step.
const (
	Work     StepKind = "work"     // a service worked on it
	Database StepKind = "database" // a service waited for its database
	Call     StepKind = "call"     // a service waited for an answer that the called service does not account for
	Outbox   StepKind = "outbox"   // the event was stored and not sent yet
	Publish  StepKind = "publish"  // the sender published and waited for the broker's confirm
	Wait     StepKind = "wait"     // the message was in its queue and no consumer had taken it
	BackOff  StepKind = "back-off" // the message waited for its next attempt
	DeadWait StepKind = "dead"     // the message was a dead letter until its redrive
	Unknown  StepKind = "unknown"  // no span tells: the context was lost
)

// StepKinds are all kinds, in the order in which a message meets them.
var StepKinds = []StepKind{Work, Database, Call, Outbox, Publish, Wait, BackOff, DeadWait, Unknown}

// Step is a stretch of time on the critical path. In JSON, durationMs is a number of milliseconds.
type Step struct {
	Kind StepKind `json:"kind"`
	// Service is the service that worked, or the one that was waited for. What is the name of its span, or the queue.
	Service string        `json:"service,omitempty"`
	What    string        `json:"what"`
	Start   time.Time     `json:"start"`
	Took    time.Duration `json:"durationMs"`
	// Share is the step's part of the whole, from 0 to 1.
	Share float64 `json:"share"`
	// Attempt is the number of the attempt, or of the one before a back-off. Error is why it failed, or "".
	Attempt int     `json:"attempt,omitempty"`
	Error   string  `json:"error,omitempty"`
	TraceID TraceID `json:"traceId"`
	SpanID  SpanID  `json:"spanId"`
	hop     *Node
}

// Path is the asynchronous critical path of a story: the steps that made up the time from its first span to one of its last.
// The steps follow each other without a gap, so their times add up to the whole.
type Path struct {
	// From and To are the names of the spans at both ends.
	From  string        `json:"from"`
	To    string        `json:"to"`
	Start time.Time     `json:"start"`
	Took  time.Duration `json:"durationMs"`
	Steps []Step        `json:"steps"`
}

// Shares returns the share of each kind, from 0 to 1.
func (p Path) Shares() map[StepKind]float64 {
	shares := map[StepKind]float64{}
	for _, s := range p.Steps {
		shares[s.Kind] += s.Share
	}
	return shares
}

// CriticalPath explains the time of a story. It begins at the last span for which until returns true, or at the span that
// ended last if there is none or until is nil, and goes back from each span to its cause: over the queue to the send, to the
// attempt before, over a link to another trace. Jaeger's critical path stays in one process tree and omits queues.
//
// A step needs clocks that agree. If a span starts before its cause, the time between counts to the later span. CriticalPath
// returns the zero value for an empty tree.
func CriticalPath(t *Tree, until func(Span) bool) Path {
	c := newCauses(t)
	target := lastOf(t, until)
	if target == nil {
		return Path{}
	}
	w := walker{causes: c, cursor: target.End(), seen: map[*Node]bool{}}
	from := w.back(target)
	p := Path{From: from.Name, To: target.Name, Start: w.cursor, Took: target.End().Sub(w.cursor)}
	p.Steps = slices.Grow(p.Steps, len(w.steps))
	for _, s := range slices.Backward(w.steps) {
		if p.Took > 0 {
			s.Share = float64(s.Took) / float64(p.Took)
		}
		p.Steps = append(p.Steps, s)
	}
	return p
}

func lastOf(t *Tree, until func(Span) bool) *Node {
	var last, matching *Node
	t.Walk(func(n *Node, _ int) {
		if last == nil || n.End().After(last.End()) {
			last = n
		}
		if until != nil && until(n.Span) && (matching == nil || n.End().After(matching.End())) {
			matching = n
		}
	})
	if matching != nil {
		return matching
	}
	return last
}

// walker goes back in time. cursor is the earliest moment that is explained.
type walker struct {
	*causes
	cursor time.Time
	steps  []Step // the last one first
	seen   map[*Node]bool
}

// back explains the time before the cursor until the first span, and returns that span.
func (w *walker) back(n *Node) *Node {
	for {
		w.seen[n] = true
		w.inside(n, n, n.Start)
		before := n.Before()
		if before != nil && !w.seen[before] {
			w.between(n, before)
			n = before
			continue
		}
		cause := w.of(n)
		if cause == nil || w.seen[cause] {
			break
		}
		switch {
		case n.isProcess():
			w.queued(n, cause)
		case n.isSend():
			w.step(Outbox, n, cause.End(), "outbox of "+n.Service)
		}
		n = cause
	}
	if w.first.Start.Before(w.cursor) { // the story began earlier, and no span leads there
		w.step(Unknown, n, w.first.Start, "no span says what led to "+n.Name)
		return w.first
	}
	return n
}

// between explains the time from an attempt to the next one.
func (w *walker) between(n, before *Node) {
	kind := BackOff
	if before.Settled() == "dead" {
		kind = DeadWait
	}
	if s := w.step(kind, n, before.End(), n.message().Queue); s != nil {
		s.Attempt, s.Error = before.Attempt(), before.reason()
	}
}

// queued explains the time from a send to the process span: in the queue, then in the hands of the sender.
func (w *walker) queued(n, cause *Node) {
	sent := earlier(cause.End(), n.Start)
	if wait := n.Waited(); wait.Told {
		if told := n.Start.Add(-wait.Time); told.Before(sent) && !told.Before(cause.Start) {
			sent = told // the broker delivers before the confirm has come back
		}
	}
	w.step(Wait, n, sent, n.message().Queue)
}

// own counts the time since from to n itself.
func (w *walker) own(hop, n *Node, from time.Time) {
	kind := Work
	switch {
	case n.isSend():
		kind = Publish
	case isDatabase(n.Span):
		kind = Database
	case n.Kind == KindClient:
		kind = Call
	}
	s := w.step(kind, n, from, n.Name)
	if s == nil {
		return
	}
	s.hop, s.Error = hop, n.reason()
	if n.isProcess() {
		s.Attempt = n.Attempt()
	}
}

// step adds the time since from. It returns nil if there was none.
func (w *walker) step(kind StepKind, n *Node, from time.Time, what string) *Step {
	if !from.Before(w.cursor) {
		return nil
	}
	w.steps = append(w.steps, Step{
		Kind: kind, Service: n.Service, What: printable(what), Start: from, Took: w.cursor.Sub(from),
		TraceID: n.TraceID, SpanID: n.SpanID, hop: n,
	})
	w.cursor = from
	return &w.steps[len(w.steps)-1]
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
