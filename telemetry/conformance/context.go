package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"traceria/telemetry/tracetree"
)

func parentOrLink(h *hop, s tracetree.Span) finding {
	parent, linked := h.isParent(s), len(h.links(s)) > 0
	switch {
	case parent && linked:
		return found(OK, "parent and link")
	case parent:
		return found(OK, "parent, without a link; both is best")
	case linked:
		return found(OK, "link to the send span, in trace %s; both parent and link is best", s.TraceID)
	case s.TraceID == h.sent.TraceID && h.descends(s):
		return found(OK, "descendant of the send span, without a link; both parent and link is best")
	}
	return found(Wrong, "%s; want the send span %s of trace %s as parent, as link, or both", h.origin(s), h.sent.SpanID, h.sent.TraceID)
}

// origin says where a span without connection hangs.
func (h *hop) origin(s tracetree.Span) string {
	switch {
	case s.ParentID == "" && len(s.Links) == 0:
		return fmt.Sprintf("a root of trace %s without a link", s.TraceID)
	case s.ParentID == "":
		return fmt.Sprintf("a root with a link to span %s of trace %s", s.Links[0].SpanID, s.Links[0].TraceID)
	default:
		return fmt.Sprintf("child of span %s of trace %s", s.ParentID, s.TraceID)
	}
}

// descends reports whether the send span is above s.
func (h *hop) descends(s tracetree.Span) bool {
	seen := map[key]bool{}
	for at := s; at.ParentID != "" && !seen[keyOf(at)]; {
		seen[keyOf(at)] = true
		if h.isParent(at) {
			return true
		}
		at = h.spans[key{at.TraceID, at.ParentID}]
	}
	return false
}

// traceState looks at the process spans and at what was published in their trace. A new trace has a tracestate of its own: then
// only the link keeps the sent one.
func traceState(h *hop) finding {
	switch {
	case h.sent.TraceState == "":
		return found(NotSeen, "none was sent")
	case len(h.process) == 0:
		return found(NotSeen, noProcessSpan)
	}
	var notKept []string
	kept := ""
	note := func(where, state string) {
		if lost := missingMembers(h.sent.TraceState, state); lost != "" {
			notKept = append(notKept, fmt.Sprintf("%s has %q, want %s", where, state, lost))
		} else if kept == "" {
			kept = "in " + where
		}
	}
	for _, s := range h.process {
		if s.TraceID == h.sent.TraceID {
			note("the process span", s.TraceState)
		} else if links := h.links(s); len(links) > 0 && links[0].TraceState != "" {
			note("the link", links[0].TraceState)
		}
	}
	for _, m := range h.published {
		if trace, _, ok := parseTraceParent(m.TraceParent); ok && trace == h.sent.TraceID {
			note("the published "+m.RoutingKey, m.TraceState)
		}
	}
	switch {
	case len(notKept) > 0:
		return found(Wrong, "%s", strings.Join(notKept, "; "))
	case kept != "":
		return found(OK, "%s", kept)
	default:
		return found(NotSeen, "the process span is in a trace of its own, and its link shows no tracestate")
	}
}

// missingMembers returns the members of a tracestate that another one lacks.
func missingMembers(want, got string) string {
	have := map[string]bool{}
	for member := range strings.SplitSeq(got, ",") {
		have[strings.TrimSpace(member)] = true
	}
	var lost []string
	for member := range strings.SplitSeq(want, ",") {
		if member = strings.TrimSpace(member); member != "" && !have[member] {
			lost = append(lost, member)
		}
	}
	return strings.Join(lost, ",")
}

// keptBaggage looks at the published messages, else at attributes that the consumer copies it to: a span has no baggage.
func keptBaggage(h *hop) finding {
	switch {
	case len(h.sent.Baggage) == 0:
		return found(NotSeen, "none was sent")
	case len(h.process) == 0 && len(h.published) == 0:
		return found(NotSeen, noProcessSpan)
	}
	if len(h.published) > 0 {
		for _, m := range h.published {
			if lost := missingBaggage(h.sent.Baggage, m.Baggage); lost != "" {
				return found(Wrong, "the published %s has the baggage %q, want %s", m.RoutingKey, m.Baggage, lost)
			}
		}
		return found(OK, "in every published message")
	}
	return h.copiedBaggage()
}

func (h *hop) copiedBaggage() finding {
	seen := map[string]bool{}
	for _, s := range h.work() {
		for name, value := range s.Attributes {
			for member, want := range h.sent.Baggage {
				if name != member && !strings.HasSuffix(name, "."+member) {
					continue
				}
				if fmt.Sprint(value) != want {
					return found(Wrong, "attribute %s of %s is %v, want %q", name, describe(s), value, want)
				}
				seen[member] = true
			}
		}
	}
	if len(seen) == len(h.sent.Baggage) {
		return found(OK, "copied to attributes of its spans")
	}
	return found(NotSeen, "publish a message, or copy %s to an attribute, to show it",
		strings.Join(slices.Sorted(maps.Keys(h.sent.Baggage)), ", "))
}

// work returns the process spans and their descendants in the same service.
func (h *hop) work() []tracetree.Span {
	var found []tracetree.Span
	for _, s := range h.process {
		found = append(found, s)
		for _, child := range h.below(s) {
			if child.Service == s.Service {
				found = append(found, child)
			}
		}
	}
	return found
}

// The attributes that hold the conversation id. The first two are of today.
var conversationKeys = []string{"traceria.conversation", "messaging.message.conversation_id", "messaging.conversation_id"}

func conversation(h *hop, s tracetree.Span) finding {
	if h.sent.Conversation == "" {
		return found(NotSeen, "none was sent")
	}
	return conversationOf(s, h.sent.Conversation)
}

// conversationOf looks for the conversation in a span.
func conversationOf(s tracetree.Span, want string) finding {
	result := found(Wrong, "%s has no conversation id; want %s or %s = %s (the correlation id of AMQP)", describe(s), conversationKeys[0],
		conversationKeys[1], want)
	for i, name := range slices.Backward(conversationKeys) {
		value, has := text(s, name)
		switch {
		case has == "":
		case value != want:
			return found(Wrong, "%s of %s is %q, want %q", name, describe(s), value, want)
		case i == 2:
			result = found(Old, "%s; today %s", name, conversationKeys[1])
		default:
			result = found(OK, "%s", name)
		}
	}
	return result
}
