package system

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
)

// slowKitchen separates concurrent steps in time, so that a tree has one shape.
const slowKitchen = "KITCHEN_COOKING_TIME=200ms-250ms"

// Both envelopes give the same tree. Attributes tell them apart.
func TestCloudEventsGiveTheSameTree(t *testing.T) {
	b := openBranch(t, "EVENT_FORMAT=cloudevents", slowKitchen)
	tree := b.Tree(t, b.serve(t, "cloud").TraceID)
	systemtest.MatchGolden(t, systemtest.HappyPath, tree)
	for _, span := range tree.Spans() {
		if span.Kind != "producer" && span.Kind != "consumer" {
			continue
		}
		typ, _ := span.Attributes["cloudevents.event_type"].(string)
		if key := span.Attributes["messaging.rabbitmq.destination.routing_key"]; typ == "" || typ != "traceria."+key.(string) ||
			span.Attributes["cloudevents.event_id"] != span.Attributes["messaging.message.id"] {
			t.Errorf("%s has event type %q, event id %v", span.Name, typ, span.Attributes["cloudevents.event_id"])
		}
	}
	surveyJoins(t, b.System, b.amqp) // a reader of data and headers does not notice the format
	noDeadLetters(t, b.amqp)
}

// The services switch the format one by one under load. Every order is delivered once and earns its points once.
func TestFormatSwitchLosesNoOrder(t *testing.T) {
	const orders, customer = 30, "switcher"
	b := openBranch(t)
	var placed []string
	steps := []struct{ service, format string }{
		{"order", "cloudevents"}, {"kitchen", "cloudevents"}, {"order", "metadata"}, {"delivery", "cloudevents"}, {"loyalty", "cloudevents"},
	}
	for _, step := range steps {
		for range orders / len(steps) {
			order, err := b.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita(customer))
			if err != nil {
				t.Fatal(err)
			}
			placed = append(placed, order.OrderID)
		}
		b.reopen(t, step.service, "EVENT_FORMAT="+step.format)
	}
	for _, id := range placed {
		if last, err := b.Client().Await(t.Context(), id); err != nil || last.Status != "delivered" {
			t.Errorf("order %s is %s: %v", id, last.Status, err)
		}
	}
	systemtest.Eventually(t, time.Minute, "every order has its points", func() bool {
		return points(t, b.System, customer) == strings.TrimSpace(strings.Repeat("6 ", orders))
	})
	last := b.Tree(t, b.serve(t, customer).TraceID)
	forms := map[bool]int{}
	for _, span := range last.Spans() {
		if span.Kind == "producer" {
			_, cloud := span.Attributes["cloudevents.event_id"]
			forms[cloud]++
			if want := span.Service != "order"; cloud != want {
				t.Errorf("%s of %s: CloudEvent is %t", span.Name, span.Service, cloud)
			}
		}
	}
	if forms[true] == 0 || forms[false] == 0 {
		t.Errorf("the last order's events had the formats %v, want both", forms)
	}
	if len(last.Roots) != 1 || len(last.Orphans) != 0 {
		t.Errorf("%d roots, %d spans without their parent", len(last.Roots), len(last.Orphans))
	}
	noDeadLetters(t, b.amqp)
}
