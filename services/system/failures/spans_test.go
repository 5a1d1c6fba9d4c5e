package failures

import (
	"fmt"
	"slices"
	"strings"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

const (
	// aTicket is in the names of the process spans of TicketOpened.
	aTicket = "process kitchen.private:kitchen.ticket-opened.v1"
	// confirmationSent, v1Sent and v2Sent are in the names of the send spans of OrderConfirmed.
	confirmationSent = "send events:order.order-confirmed."
	v1Sent           = confirmationSent + "v1"
	v2Sent           = confirmationSent + "v2"
	// confirmationTaken and kitchenConfirmed are in the names of its process spans.
	confirmationTaken = "process events:order.order-confirmed."
	kitchenConfirmed  = confirmationTaken + "v2:kitchen"
	// lastEvent is in the name of the process span of an order's last event.
	lastEvent = "process events:delivery.order-delivered"
)

// confirmedBy maps each consumer of OrderConfirmed to the send of its form.
var confirmedBy = map[string]string{"loyalty": v1Sent, "kitchen": v2Sent, "delivery": v2Sent}

// spansOf returns the spans of a service whose name contains part, in the order of their start.
func spansOf(tree *tracetree.Tree, service, part string) []tracetree.Span {
	var found []tracetree.Span
	for _, span := range tree.Spans() {
		if span.Service == service && strings.Contains(span.Name, part) {
			found = append(found, span)
		}
	}
	slices.SortFunc(found, func(a, b tracetree.Span) int { return a.Start.Compare(b.Start) })
	return found
}

// children returns the direct children of a span whose name contains part.
func children(tree *tracetree.Tree, parent tracetree.Span, part string) []tracetree.Span {
	var found []tracetree.Span
	for _, span := range tree.Spans() {
		if span.TraceID == parent.TraceID && span.ParentID == parent.SpanID && strings.Contains(span.Name, part) {
			found = append(found, span)
		}
	}
	return found
}

func tickets(tree *tracetree.Tree) []tracetree.Span { return spansOf(tree, "kitchen", aTicket) }

// lastOf returns the process spans of an order's last event.
func lastOf(tree *tracetree.Tree) []tracetree.Span {
	return spansOf(tree, "order", lastEvent)
}

// waited returns the queue wait of a process span in milliseconds, or -1.
func waited(span tracetree.Span) float64 {
	switch ms := span.Attributes["traceria.queue.wait_ms"].(type) {
	case int64:
		return float64(ms)
	case float64:
		return ms
	}
	return -1
}

// sameName compares spans for slices.CompactFunc.
func sameName(a, b tracetree.Span) bool { return a.Name == b.Name }

// firstFault returns the first fault that is not "".
func firstFault(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// wantSpans checks the number of the spans.
func wantSpans(what string, spans []tracetree.Span, wanted int) string {
	if len(spans) != wanted {
		return fmt.Sprintf("%d spans %s, want %d", len(spans), what, wanted)
	}
	return ""
}

// wantAttribute checks an attribute of a span.
func wantAttribute(span tracetree.Span, attribute string, want any) string {
	if got := span.Attributes[attribute]; got != want {
		return fmt.Sprintf("%s of %s has %s=%v, want %v", span.Name, span.Service, attribute, got, want)
	}
	return ""
}

// wantInjected checks the marks of an injected failure.
func wantInjected(span tracetree.Span, key failure.Key) string {
	if got := span.Attributes[string(failure.FailureKey)]; got != string(key) {
		return fmt.Sprintf("%s has %s=%v, want %s", span.Name, failure.FailureKey, got, key)
	}
	if got := span.Attributes[string(failure.InjectedKey)]; got != true {
		return fmt.Sprintf("%s has %s=%v, want true", span.Name, failure.InjectedKey, got)
	}
	return ""
}

// wantEvaluated checks the attributes of the evaluated flag.
func wantEvaluated(span tracetree.Span, key failure.Key, variant string) string {
	if got := span.Attributes["feature_flag.key"]; got != string(key) {
		return fmt.Sprintf("%s has feature_flag.key=%v, want %s", span.Name, got, key)
	}
	if got := span.Attributes["feature_flag.result.variant"]; got != variant {
		return fmt.Sprintf("%s has feature_flag.result.variant=%v, want %s", span.Name, got, variant)
	}
	return ""
}

// wantClean checks that no span of the tree is marked or failed.
func wantClean(tree *tracetree.Tree) string {
	for _, span := range tree.Spans() {
		if span.Attributes[string(failure.InjectedKey)] != nil || span.Status == tracetree.StatusError {
			return fmt.Sprintf("%s of %s: status %s, %v", span.Name, span.Service, span.Status, span.Attributes)
		}
	}
	return ""
}

// wantComplete checks that no parent is missing. Services export independently, and a process span ends after its
// children.
func wantComplete(tree *tracetree.Tree) string {
	for _, orphan := range tree.Orphans {
		return orphan.Name + " of " + orphan.Service + ": " + orphan.Warning
	}
	return ""
}
