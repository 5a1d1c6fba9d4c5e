package conformance

import (
	"fmt"

	"traceria/telemetry/tracetree"
)

// finding is the result of a rule on one span or message.
type finding struct {
	result Result
	detail string
}

func found(result Result, format string, args ...any) finding {
	return finding{result, fmt.Sprintf(format, args...)}
}

// rule is one rule.
type rule struct {
	name, source string
	check        func(h *hop) finding
}

// Check returns a verdict for each rule on a message. spans are those of the consumer under test, and may include those of other
// messages, and those of other services if sent names the consumer. published are the messages that the consumer published because of it, and nil if they were not
// watched.
func Check(sent Sent, spans []tracetree.Span, published []Message) []Verdict {
	h := newHop(sent, spans, published)
	var verdicts []Verdict
	for _, r := range rules() {
		f := r.check(h)
		verdicts = append(verdicts, Verdict{Rule: r.name, Result: f.result, Detail: f.detail, Source: r.source})
	}
	return verdicts
}

// Rules returns the names of the rules, in the order of the verdicts.
func Rules() []string {
	var names []string
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}

const (
	spanConventions     = "semconv 1.43, messaging spans"
	rabbitmqConventions = "semconv 1.43, RabbitMQ"
)

func rules() []rule {
	list := []rule{
		{"process-span", spanConventions, processSpan},
		{"parent-or-link", spanConventions + ", trace structure", each(parentOrLink)},
		{"tracestate", "W3C Trace Context 3.3", traceState},
		{"baggage", "W3C Baggage 3", keptBaggage},
		{"conversation", "Traceria, and " + spanConventions, each(conversation)},
		{"kind", spanConventions + ", span kind", kind},
		{"span-name", spanConventions + ", span name", each(spanName)},
	}
	for _, a := range attributes() {
		list = append(list, rule{a.name, a.source, each(a.check)})
	}
	return append(list,
		rule{"error.type", "semconv 1.43, recording errors", errorType},
		rule{"dropped-attributes", "semconv 1.17, changes of messaging", each(droppedAttributes)},
		rule{"ack-after-work", "Traceria", each(ackAfterWork)},
		rule{"published-context", "W3C Trace Context 3, and " + spanConventions, publishedContext},
		rule{"published-conversation", "Traceria, and " + spanConventions, publishedConversation},
	)
}

const noProcessSpan = "there is no process span"

// each applies a rule to every process span. The heaviest finding counts.
func each(check func(h *hop, s tracetree.Span) finding) func(h *hop) finding {
	return func(h *hop) finding {
		heaviest := finding{NotSeen, noProcessSpan}
		for i, s := range h.process {
			f := check(h, s)
			if len(h.process) > 1 && f.result == Wrong {
				f.detail = fmt.Sprintf("attempt %d of %d: %s", i+1, len(h.process), f.detail)
			}
			if i == 0 || f.result.weight() > heaviest.result.weight() {
				heaviest = f
			}
		}
		return heaviest
	}
}

func processSpan(h *hop) finding {
	switch n := len(h.process); {
	case n == 0 && len(h.receive) > 0:
		return found(Wrong, "only a receive span; a span is expected that covers the processing")
	case n == 0:
		return found(Wrong, "no span is a child of the send span, links to it, or has the message's id")
	case n > 1 && !h.foreign:
		return found(OK, "%d process spans of %s, one for each attempt", n, h.process[0].Service)
	default:
		return found(OK, "%s of %s", describe(h.process[0]), h.process[0].Service)
	}
}
