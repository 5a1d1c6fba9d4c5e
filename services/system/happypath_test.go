package system

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"traceria/services/system/systemtest"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// mostSpans keeps an order readable in Jaeger's pages.
const mostSpans = 50

// The tree has exactly this shape: names, kinds, parents, links and services.
func TestOneOrderIsOneTrace(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("buy", "--wait", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var order struct {
		OrderID, Status, TraceID string
		Timeline                 []struct{ Event, Service string }
	}
	if err := json.Unmarshal([]byte(out), &order); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if order.Status != "delivered" {
		t.Fatalf("the order is %s", order.Status)
	}
	tree := s.Tree(t, order.TraceID)
	systemtest.CompareGolden(t, systemtest.HappyPath, tree)
	if n := len(tree.Spans()); n > mostSpans {
		t.Errorf("the happy path has %d spans, want at most %d: Jaeger shows each as a row", n, mostSpans)
	}

	for _, span := range tree.Spans() {
		if got := span.Attributes[string(telemetry.ConversationKey)]; got != order.OrderID {
			t.Errorf("%s (%s) has conversation %v, want %s", span.Name, span.Service, got, order.OrderID)
		}
		if span.Status == tracetree.StatusError {
			t.Errorf("%s (%s) failed: %s", span.Name, span.Service, span.StatusMessage)
		}
		for _, caller := range []string{"client.address", "user_agent.original"} {
			if value, there := span.Attributes[caller]; there {
				t.Errorf("%s: the caller is in Jaeger: %s=%v", span.Name, caller, value)
			}
		}
		if value, there := span.Attributes["network.peer.address"]; there && span.Kind == "server" {
			t.Errorf("%s: the caller is in Jaeger: network.peer.address=%v", span.Name, value)
		}
		for key, value := range span.Attributes {
			if text, ok := value.(string); ok && strings.Contains(text, "167 My Street") {
				t.Errorf("%s: personal data in Jaeger: %s=%s", span.Name, key, text)
			}
		}
	}
	var events []string
	for _, entry := range order.Timeline {
		events = append(events, entry.Service+" "+entry.Event)
	}
	for _, want := range []string{
		"order OrderCreated", "order OrderConfirmed", "kitchen OrderPreparing", "kitchen OrderBoxed",
		"delivery DeliveryNotificationSent", "delivery OrderDelivered",
	} {
		if !slices.Contains(events, want) {
			t.Errorf("the timeline lacks %s: %v", want, events)
		}
	}
}

// `traceria trace ORDER` prints the whole tree from Jaeger.
func TestTraceCommandPrintsTheWholeTree(t *testing.T) {
	s := systemtest.Up(t)
	order := s.Deliver(t)
	out, err := s.Traceria("trace", order.OrderID)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		order.TraceID, "POST /order", "process kitchen.private:kitchen.ticket-opened.v1:kitchen.ticket-opened",
		"process events:delivery.order-delivered.v1:order.order-delivered", "waited", "INSERT orders + outbox",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// The spans of one hop follow the messaging conventions.
func TestSpansFollowTheMessagingConventions(t *testing.T) {
	s := systemtest.Up(t)
	order := s.Deliver(t)
	spans := s.Tree(t, order.TraceID).Spans()
	hop := "events:order.order-confirmed.v2"
	want := map[string]map[string]any{
		"send " + hop: {
			"messaging.system": "rabbitmq", "messaging.operation.name": "send", "messaging.operation.type": "send",
			"messaging.destination.name":                 hop,
			"messaging.rabbitmq.destination.routing_key": "order.order-confirmed.v2",
			"messaging.message.conversation_id":          order.OrderID,
			string(telemetry.KindKey):                    telemetry.Event,
			"server.address":                             "127.0.0.1",
		},
		"process " + hop + ":kitchen.order-confirmed": {
			"messaging.system": "rabbitmq", "messaging.operation.name": "process", "messaging.operation.type": "process",
			"messaging.destination.name":                 hop + ":kitchen.order-confirmed",
			"messaging.rabbitmq.destination.routing_key": "order.order-confirmed.v2",
			"messaging.message.conversation_id":          order.OrderID,
			"traceria.message.settled":                   "ack",
			"traceria.delivery.attempt":                  int64(1),
			string(telemetry.KindKey):                    telemetry.Event,
		},
	}
	for name, attributes := range want {
		i := slices.IndexFunc(spans, func(span tracetree.Span) bool { return span.Name == name })
		if i < 0 {
			t.Errorf("no span %q", name)
			continue
		}
		for key, value := range attributes {
			if got := spans[i].Attributes[key]; got != value {
				t.Errorf("%s: %s is %v (%T), want %v", name, key, got, got, value)
			}
		}
		for _, key := range []string{"messaging.message.id"} {
			if spans[i].Attributes[key] == nil {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if strings.HasPrefix(name, "process") && spans[i].Attributes["traceria.queue.wait_ms"] == nil {
			t.Errorf("%s has no traceria.queue.wait_ms", name)
		}
	}
}
