package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/telemetry/tracetree"
)

// tolerance is what the times of one process may differ: some clocks have whole milliseconds.
const tolerance = 2 * time.Millisecond

// ackAfterWork compares the end of the process span, and the span of the ack if there is one, with the end of the spans below. An
// instrumentation of a client with explicit acks ends the process span at the ack, or when the handler returns.
func ackAfterWork(h *hop, s tracetree.Span) finding {
	var last, settled tracetree.Span
	for _, child := range h.below(s) {
		switch {
		case child.Service != s.Service:
		case operationOf(child) == "settle":
			settled = child
		case last.SpanID == "" || child.End().After(last.End()):
			last = child
		}
	}
	if last.SpanID == "" {
		return found(NotSeen, "no work is visible below the process span")
	}
	if early := last.End().Sub(s.End()); early > tolerance {
		return found(Wrong, "the process span ended %s before its work, %s; end it and ack after the work", inMS(early), describe(last))
	}
	if settled.SpanID == "" {
		return found(OK, "the process span covers its work, to %s; no span shows the ack", describe(last))
	}
	if early := last.End().Sub(settled.Start); early > tolerance {
		return found(Wrong, "acked %s before the end of its work, %s; ack after the work", inMS(early), describe(last))
	}
	return found(OK, "acked after its work, %s", describe(last))
}

func inMS(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// sends returns the send spans below the process spans, and those of the same service and conversation that are elsewhere.
func (h *hop) sends() (below, lost []tracetree.Span) {
	inside := map[key]bool{h.sendKey(): true}
	for _, s := range h.work() {
		inside[keyOf(s)] = true
		if isSend(s) {
			below = append(below, s)
		}
	}
	for _, s := range h.spans {
		if isSend(s) && !inside[keyOf(s)] && len(h.process) > 0 && s.Service == h.process[0].Service && h.sentFor(s) {
			lost = append(lost, s)
		}
	}
	slices.SortFunc(lost, func(a, b tracetree.Span) int { return strings.Compare(a.SpanID, b.SpanID) })
	return below, lost
}

// sentFor reports whether a send span belongs to the message: it has the message's conversation, or the id of a published
// message.
func (h *hop) sentFor(s tracetree.Span) bool {
	if h.sent.Conversation != "" && conversationOf(s, h.sent.Conversation).result != Wrong {
		return true
	}
	id, _ := text(s, messageID.name, messageID.old...)
	return id != "" && slices.ContainsFunc(h.published, func(m Message) bool { return m.MessageID == id })
}

func publishedContext(h *hop) finding {
	for _, m := range h.published {
		if wrong := h.lostIn(m); wrong != "" {
			return found(Wrong, "%s", wrong)
		}
	}
	below, lost := h.sends()
	switch {
	case len(h.process) == 0:
		return found(NotSeen, noProcessSpan)
	case len(lost) > 0:
		return found(Wrong, "the send span %s is not below the process span", describe(lost[0]))
	case len(below) == 0 && len(h.published) > 0:
		return found(Wrong, "no send span is below the process span; its messages have the context of another span")
	case len(below) == 0:
		return found(NotSeen, "no send span: it published nothing")
	case len(h.published) > 0:
		return found(OK, "send spans below the process span: %d; messages with their context: %d", len(below), len(h.published))
	default:
		return found(OK, "send spans below the process span: %d", len(below))
	}
}

// lostIn says how a published message lost the context, or "".
func (h *hop) lostIn(m Message) string {
	trace, span, ok := parseTraceParent(m.TraceParent)
	if !ok {
		return fmt.Sprintf("the published %s has the traceparent %q, want 00-{trace id}-{span id}-{flags}", m.RoutingKey, m.TraceParent)
	}
	if len(h.process) == 0 || slices.ContainsFunc(h.work(), func(s tracetree.Span) bool { return keyOf(s) == key{trace, span} }) {
		return ""
	}
	if !slices.ContainsFunc(h.process, func(s tracetree.Span) bool { return s.TraceID == trace }) {
		return fmt.Sprintf("the published %s has trace %s, want that of the process span, %s", m.RoutingKey, trace, h.process[0].TraceID)
	}
	return fmt.Sprintf("the published %s has span %s, which is not below the process span", m.RoutingKey, span)
}

func publishedConversation(h *hop) finding {
	if h.sent.Conversation == "" {
		return found(NotSeen, "none was sent")
	}
	for _, m := range h.published {
		if m.Conversation != h.sent.Conversation {
			return found(Wrong, "the published %s has the correlation id %q, want %q", m.RoutingKey, m.Conversation, h.sent.Conversation)
		}
	}
	if len(h.published) > 0 {
		return found(OK, "the correlation id of every published message")
	}
	if len(h.process) == 0 {
		return found(NotSeen, noProcessSpan)
	}
	result := found(NotSeen, "no send span: it published nothing")
	below, _ := h.sends()
	for _, s := range below {
		if f := conversationOf(s, h.sent.Conversation); f.result.weight() > result.result.weight() {
			result = f
		}
	}
	return result
}

// parseTraceParent reads the header traceparent (W3C Trace Context 3.2). An id of zeros is invalid.
func parseTraceParent(header string) (trace tracetree.TraceID, span tracetree.SpanID, ok bool) {
	parts := strings.Split(header, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || parts[0] == "ff" || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 {
		return "", "", false
	}
	for _, part := range parts[:4] {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return "", "", false
		}
	}
	return parts[1], parts[2], strings.Trim(parts[1], "0") != "" && strings.Trim(parts[2], "0") != ""
}
