package conformance

import (
	"cmp"
	"slices"
	"strings"

	"traceria/telemetry/tracetree"
)

func kind(h *hop) finding {
	process := each(func(_ *hop, s tracetree.Span) finding {
		if s.Kind != tracetree.KindConsumer {
			return found(Wrong, "%s has the kind %s, want consumer", describe(s), s.Kind)
		}
		return found(OK, "consumer")
	})(h)
	for _, s := range h.receive {
		switch {
		case process.result == Wrong || s.Kind == tracetree.KindClient:
		case s.Kind == tracetree.KindConsumer:
			process = found(Old, "the receive span %s has the kind consumer; today client", describe(s))
		default:
			process = found(Wrong, "the receive span %s has the kind %s, want client", describe(s), s.Kind)
		}
	}
	return process
}

// spanName wants "{messaging.operation.name} {destination}". Until 1.17 and some versions after, a name was
// "{destination} {operation}".
func spanName(h *hop, s tracetree.Span) finding {
	operation := cmp.Or(first(s, operationName.name), "process")
	for _, destination := range h.destinations(s) {
		if s.Name == strings.TrimSpace(operation+" "+destination) {
			return found(OK, "%s", s.Name)
		}
	}
	want := operation + " " + h.sent.destination()
	for _, old := range []string{"process", "receive", "deliver", "consume"} {
		destination, ok := strings.CutSuffix(s.Name, " "+old)
		if ok && slices.Contains([]string{h.sent.Queue, h.sent.Exchange, h.sent.RoutingKey, "(anonymous)"}, destination) {
			return found(Old, "%q; today %q", s.Name, want)
		}
	}
	return found(Wrong, "%q, want %q", s.Name, want)
}

// destinations are the names of the destination that a span name may have. A template may replace the name. A name that the
// broker made up is left out.
func (h *hop) destinations(s tracetree.Span) []string {
	names := []string{h.sent.destination()}
	if template := first(s, "messaging.destination.template"); template != "" {
		names = append(names, template)
	}
	if !strings.HasPrefix(h.sent.Queue, "amq.gen-") {
		return names
	}
	if h.sent.Exchange == "" { // the routing key is the name of the queue
		return append(names, "")
	}
	return append(names, destination(h.sent.Exchange, h.sent.RoutingKey, ""))
}

func first(s tracetree.Span, name string) string {
	value, _ := text(s, name)
	return value
}
