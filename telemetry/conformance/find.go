package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"traceria/telemetry/tracetree"
)

// key identifies a span.
type key struct {
	trace tracetree.TraceID
	span  tracetree.SpanID
}

func keyOf(s tracetree.Span) key { return key{s.TraceID, s.SpanID} }

// hop is a message on its way through the consumer under test.
type hop struct {
	sent      Sent
	published []Message
	spans     map[key]tracetree.Span
	children  map[key][]tracetree.Span
	// process and receive are the consumer's spans for the message, by start.
	process, receive []tracetree.Span
	// foreign is true if no span of process names the message in any way.
	foreign bool
}

func newHop(sent Sent, spans []tracetree.Span, published []Message) *hop {
	h := &hop{sent: sent, published: published, spans: map[key]tracetree.Span{}, children: map[key][]tracetree.Span{}}
	var ordered []tracetree.Span
	for _, s := range spans {
		if _, twice := h.spans[keyOf(s)]; twice {
			continue
		}
		h.spans[keyOf(s)] = s
		ordered = append(ordered, s)
		if s.ParentID != "" {
			parent := key{s.TraceID, s.ParentID}
			h.children[parent] = append(h.children[parent], s)
		}
	}
	slices.SortStableFunc(ordered, func(a, b tracetree.Span) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.SpanID, b.SpanID))
	})
	h.find(ordered)
	return h
}

// find chooses the spans of the message: those that name its send span or its id. If there is none, a process span with its
// routing key and without any message id may be it.
func (h *hop) find(spans []tracetree.Span) {
	for _, s := range spans {
		switch operation := operationOf(s); {
		case !h.ours(s) || !h.names(s) || isSend(s) || operation == "settle" || keyOf(s) == h.sendKey():
		case operation == "receive":
			h.receive = append(h.receive, s)
		default:
			h.process = append(h.process, s)
		}
	}
	if len(h.process) > 0 {
		return
	}
	for _, s := range spans {
		if h.ours(s) && s.Kind == tracetree.KindConsumer && operationOf(s) != "receive" && h.mayBe(s) {
			h.process, h.foreign = append(h.process, s), true
		}
	}
}

func (h *hop) sendKey() key { return key{h.sent.TraceID, h.sent.SpanID} }

// names reports whether the span says that it belongs to the message.
func (h *hop) names(s tracetree.Span) bool {
	id, _ := text(s, messageID.name, messageID.old...)
	return h.isParent(s) || len(h.links(s)) > 0 || id != "" && id == h.sent.MessageID
}

func (h *hop) ours(s tracetree.Span) bool {
	return h.sent.Consumer == "" || s.Service == h.sent.Consumer
}

func (h *hop) mayBe(s tracetree.Span) bool {
	routing, _ := text(s, routingKey.name, routingKey.old...)
	id, _ := text(s, messageID.name, messageID.old...)
	return id == "" && routing == h.sent.RoutingKey
}

func (h *hop) isParent(s tracetree.Span) bool { return (key{s.TraceID, s.ParentID}) == h.sendKey() }

// links returns the span's links to the send span.
func (h *hop) links(s tracetree.Span) []tracetree.Link {
	var found []tracetree.Link
	for _, l := range s.Links {
		if (key{l.TraceID, l.SpanID}) == h.sendKey() {
			found = append(found, l)
		}
	}
	return found
}

// below returns the span's descendants.
func (h *hop) below(top tracetree.Span) []tracetree.Span {
	var found []tracetree.Span
	seen := map[key]bool{keyOf(top): true}
	for queue := []tracetree.Span{top}; len(queue) > 0; queue = queue[1:] {
		for _, child := range h.children[keyOf(queue[0])] {
			if !seen[keyOf(child)] {
				seen[keyOf(child)] = true
				found, queue = append(found, child), append(queue, child)
			}
		}
	}
	return found
}

// operationOf is process, send, receive, settle or another operation of the conventions, in today's or the old attribute. It is
// "" for a span that has neither.
func operationOf(s tracetree.Span) string {
	operation, _ := text(s, operationType.name, operationType.old...)
	return operation
}

// isSend reports whether the span sends a message. Before 1.17 a send span had no operation.
func isSend(s tracetree.Span) bool {
	switch operationOf(s) {
	case "send", "publish", "create":
		return true
	case "":
		return s.Kind == tracetree.KindProducer
	default:
		return false
	}
}

// text returns the first of the attributes that the span has, and its name.
func text(s tracetree.Span, name string, old ...string) (value, found string) {
	for _, name := range append([]string{name}, old...) {
		if value, ok := s.Attributes[name]; ok && value != "" {
			return fmt.Sprint(value), name
		}
	}
	return "", ""
}

// describe names a span in a detail.
func describe(s tracetree.Span) string { return fmt.Sprintf("%q (span %s)", s.Name, s.SpanID) }

// printable replaces control characters: names come from spans of another program.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
}
