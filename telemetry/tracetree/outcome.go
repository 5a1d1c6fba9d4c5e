package tracetree

import (
	"cmp"
	"slices"
	"strings"
)

// leaves is the state in which an attempt leaves its message.
func (s Span) leaves(settled string) State {
	switch {
	case settled == "retry":
		return Retrying
	case settled == "dead":
		return Dead
	case settled == "pause":
		return Paused
	case settled == "ack" && s.failed():
		return Lost
	case settled == "requeue" || s.failed() && s.countsAttempts():
		return Requeued
	case s.failed():
		return Failed
	default:
		return Done
	}
}

// countsAttempts reports whether a consumer says how it settles. If it does not say so, it died before.
func (s Span) countsAttempts() bool {
	return s.Attributes[attemptKey] != nil || s.Attributes[settledKey] != nil
}

// conclude decides the state: done when an attempt succeeded, unsent when no publish succeeded, else that of the latest turn.
func (e *entry) conclude() Message {
	slices.SortStableFunc(e.Attempts, func(a, b Attempt) int { return a.End.Compare(b.End) })
	last := slices.MaxFunc(e.turns, func(a, b turn) int {
		return cmp.Or(cmp.Compare(a.state.weight(), b.state.weight()), a.follows.Compare(b.follows))
	})
	e.State, e.Since = last.state, last.at
	if last.state == Unsent {
		e.Error = last.why
	}
	return e.Message
}

func (s State) weight() int {
	switch s {
	case Done:
		return 2
	case Unsent:
		return 0
	default:
		return 1
	}
}

// reason is the message of a failed span, or the type of its error.
func (s Span) reason() string {
	if !s.failed() {
		return ""
	}
	return cmp.Or(strings.Join(strings.Fields(printable(s.StatusMessage)), " "), s.errorType(), "error")
}
