package journeys

import (
	"strings"
	"time"

	"traceria/telemetry/tracetree"
)

// states fills in the facts from which the state is made, and counts attempts and dead letters.
func (c *computation) states() {
	c.facts.grave = Done
	for _, n := range c.nodes {
		if n.ParentID == "" && !n.Handles() && !n.Sends() && failed(&n.Span) {
			c.grave(Failed, Where{Kind: "service", Name: n.Service, Since: n.End()})
		}
	}
	for i := range c.messages {
		m := &c.messages[i]
		for _, attempt := range m.Attempts { // a duplicate is handled twice, and each time at the first attempt
			c.row.Attempts = max(c.row.Attempts, attempt.Number)
		}
		c.message(m)
	}
}

// message adds what the state of a message says about the journey.
func (c *computation) message(m *tracetree.Message) {
	at := Where{Kind: "service", Name: m.Consumer, Since: m.Since, Event: m.Subject()}
	in := func(kind, name string) Where { at.Kind, at.Name = kind, name; return at }
	switch m.State {
	case tracetree.Dead:
		c.row.Dead++
		c.grave(Dead, in("dead", m.Queue))
	case tracetree.Lost:
		c.grave(Lost, at)
	case tracetree.Failed:
		c.grave(Failed, at)
	case tracetree.Retrying, tracetree.Requeued:
		c.pending(Retrying, in("retry", m.Queue))
	case tracetree.Paused:
		c.pending(Retrying, at)
	case tracetree.Unsent:
		at = in("outbox", m.Producer)
		if c.hasOutbox(m) {
			c.pending(Retrying, at)
		} else {
			c.grave(Failed, at)
		}
	case tracetree.Queued:
		c.pending(Waiting, in("queue", m.Queue))
		if len(c.facts.waits) < maxWaits {
			c.facts.waits = append(c.facts.waits, waitIn{shortened(m.Queue), m.Since})
		}
	}
}

// hasOutbox reports whether a message that could not be published will be sent again: Traceria's services have an outbox. Of other
// senders nothing is known.
func (c *computation) hasOutbox(m *tracetree.Message) bool {
	if m.Sent == nil {
		return true
	}
	for _, n := range c.nodes {
		if n.SpanID == m.Sent.SpanID && n.TraceID == m.Sent.TraceID {
			return ours(&n.Span)
		}
	}
	return true
}

// ours reports whether a span has an attribute of Traceria.
func ours(span *tracetree.Span) bool {
	for name := range span.Attributes {
		if strings.HasPrefix(name, "traceria.") {
			return true
		}
	}
	return false
}

func (c *computation) pending(state State, at Where) {
	c.facts.pending = true
	c.grave(state, at)
}

// grave notes a state with its place. Of two messages in one state, the one that came into it first gives the place.
func (c *computation) grave(state State, at Where) {
	f := &c.facts
	switch a, b := state.gravity(), f.grave.gravity(); {
	case a < b:
	case a > b || f.place != nil && !at.before(f.place):
		return
	}
	at.Name, at.Event = shortened(at.Name), shortened(at.Event)
	f.grave, f.place = state, &at
}

// before reports whether a place comes before another one in the order that does not depend on the arrival of spans.
func (w *Where) before(other *Where) bool {
	if c := w.Since.Compare(other.Since); c != 0 {
		return c < 0
	}
	return w.Name+w.Event < other.Name+other.Event
}

// at returns the state and the place of a journey at a time. seen is when its last span arrived. For a file, the end of the last span
// counts instead.
func (f *facts) at(now, seen time.Time, stuckAfter time.Duration) (State, *Where) {
	if f.file {
		seen = f.last.Since
	}
	idle := now.Sub(seen)
	switch {
	case f.grave == Dead || f.grave == Lost:
		return f.grave, f.place
	case f.pending && idle > stuckAfter:
		return Stuck, f.place
	case f.grave != Done:
		return f.grave, f.place
	case idle < quiet:
		last := f.last
		return Running, &last
	default:
		return Done, nil
	}
}

// settled reports whether the state stays as it is while no span arrives.
func (f *facts) settled(state State) bool {
	return state == Dead || state == Lost || state == Stuck || state == Done || state == Failed && !f.pending
}
