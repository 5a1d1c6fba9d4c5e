package topology

import (
	"slices"

	"traceria/services/event"
)

// Bound are the versions that the queue is bound to.
func (s Subscription) Bound() []event.Type {
	if len(s.Versions) == 0 {
		return []event.Type{s.Event}
	}
	return s.Versions
}

// Takes reports whether the queue is bound to the type.
func (s Subscription) Takes(t event.Type) bool { return slices.Contains(s.Bound(), t) }

// Left are the versions of the event that the queue is unbound from. Messages in them may still be in the queue.
func (s Subscription) Left() []event.Type {
	if len(s.Versions) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(event.Catalogue), func(t event.Type) bool {
		return t.Name != s.Event.Name || t.Domain != s.Event.Domain || slices.Contains(s.Versions, t)
	})
}
