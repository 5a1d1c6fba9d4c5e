package failures

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// found says that what the catalogue tells people to search for finds the trace.
func (b *stage) found(t *testing.T, key failure.Key, traceID string) {
	t.Helper()
	entry, err := failure.Lookup(key)
	if err != nil {
		t.Fatal(err)
	}
	service, tags := searchOf(entry.Search)
	if len(tags) == 0 {
		t.Fatalf("%s has no tags to search for in %q", key, entry.Search)
	}
	b.Await(t, 20*time.Second, "Jaeger finds the trace "+traceID+" by "+entry.Search, func() bool {
		return slices.ContainsFunc(b.findings(t, service, tags), func(s tracetree.Span) bool { return s.TraceID == traceID })
	})
}

// searchable says that what the catalogue tells people to search for finds something, after the key was tested.
func (b *stage) searchable(t *testing.T, entry failure.Entry) {
	t.Helper()
	service, tags := searchOf(entry.Search)
	if tags[string(failure.FailureKey)] == "" {
		return // an experiment, which is found by the order
	}
	if len(b.findings(t, service, tags)) == 0 {
		t.Errorf("Jaeger finds nothing by %q", entry.Search)
	}
}

// findings are the spans of all traces that a service, or any of them when it is "", has a span with these tags in.
func (b *stage) findings(t *testing.T, service string, tags map[string]string) (spans []tracetree.Span) {
	t.Helper()
	asked := []string{service}
	if service == "" {
		asked = nil
		for name := range b.Services {
			asked = append(asked, name)
		}
	}
	now := time.Now()
	for _, service := range asked {
		found, err := b.Jaeger.Search(t.Context(), service, tags, 100, now.Add(-time.Hour), now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, found...)
	}
	return spans
}

// searchOf reads a search of the catalogue: "service=order, tags error.type=unroutable traceria.failure=order.unroutable".
func searchOf(text string) (service string, tags map[string]string) {
	tags = map[string]string{}
	text, _, _ = strings.Cut(text, ";") // a remark
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		switch name, value, is := strings.Cut(word, "="); {
		case is && name == "service":
			service = value
		case is && value != "ORDER": // which stands for the id of an order
			tags[name] = value
		}
	}
	return service, tags
}

// isClean says that an order for which nothing was switched on was delivered, and that its trace is whole and clean.
func (b *stage) isClean(t *testing.T, order orderclient.Order) {
	t.Helper()
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return first(some("of the last event", lastOf(tree), 1), some("of loyalty", spansOf(tree, "loyalty", "process "), 1),
			some("of OrderConfirmed", spansOf(tree, "order", confirmationSent), 2), clean(tree))
	})
}

const (
	// confirmationSent, v1Sent and v2Sent are in the names of the send spans of OrderConfirmed.
	confirmationSent = "send events:order.order-confirmed."
	v1Sent           = confirmationSent + "v1"
	v2Sent           = confirmationSent + "v2"
	// confirmationTaken is in the names of its process spans.
	confirmationTaken = "process events:order.order-confirmed."
)

// confirmedBy are the services that take OrderConfirmed, and which form of it.
var confirmedBy = map[string]string{"loyalty": v1Sent, "kitchen": v2Sent, "delivery": v2Sent}

// lastOf are the process spans of an order's last event.
func lastOf(tree *tracetree.Tree) []tracetree.Span {
	return spansOf(tree, "order", lastEvent)
}

// whole says which span is still missing because others hang from it: each service sends its spans when it likes, and a
// process span ends after what it caused.
func whole(tree *tracetree.Tree) string {
	for _, orphan := range tree.Orphans {
		return orphan.Name + " of " + orphan.Service + ": " + orphan.Warning
	}
	return ""
}

// points are those that the customer has for the order, and how often the history says so.
func (b *stage) points(t *testing.T, customer, orderID string) (points, times int) {
	t.Helper()
	var answer struct {
		History []struct {
			OrderID string `json:"orderId"`
			Points  int    `json:"points"`
		} `json:"history"`
	}
	b.Get(t, "loyalty", "/loyalty/"+customer, &answer)
	for _, line := range answer.History {
		if line.OrderID == orderID {
			points += line.Points
			times++
		}
	}
	return points, times
}

// is says how an attribute of the span differs: "" when it does not.
func is(span tracetree.Span, attribute string, want any) string {
	if got := span.Attributes[attribute]; got != want {
		return fmt.Sprintf("%s of %s has %s=%v, want %v", span.Name, span.Service, attribute, got, want)
	}
	return ""
}
