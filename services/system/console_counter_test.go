package system

import (
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/console"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// An order of the counter is one trace, which begins at the request to the console. All of its spans have the conversation.
func TestTheTraceOfAnOrderBeginsAtTheConsole(t *testing.T) {
	s := systemtest.Up(t)
	var placed struct{ Orders []orderclient.Order }
	systemtest.PostJSON(t, "http://"+s.Addresses["console"]+"/api/orders",
		`{"count":1,"customerId":"counter","items":[{"itemName":"Margherita","quantity":1}],"deliveryAddress":{"addressLine1":"167 My Street"}}`,
		http.StatusAccepted, &placed)
	if len(placed.Orders) != 1 {
		t.Fatalf("%+v", placed)
	}
	order := placed.Orders[0]
	settled(t, s, order.OrderID)
	tree := s.Tree(t, order.TraceID)
	if len(tree.Roots) != 1 || tree.Roots[0].Name != "POST /api/orders" || tree.Roots[0].Service != "console" {
		t.Fatalf("the trace begins with %+v", tree.Roots)
	}
	spans := tree.Spans()
	if i := slices.IndexFunc(spans, func(span tracetree.Span) bool { return span.Attributes["traceria.conversation"] != order.OrderID }); i >= 0 {
		t.Errorf("%s of %s has no conversation", spans[i].Name, spans[i].Service)
	}
}

// The parts name what the broker lacks, and whether something restores it.
func TestThePartsSayWhatTheBrokerLacks(t *testing.T) {
	s := systemtest.Up(t)
	var now console.Parts
	s.Get(t, "console", "/api/parts", &now)
	for _, part := range now.Parts {
		if part.Healthy != (part.Name != "topology") {
			t.Errorf("%+v", part)
		}
	}
	if len(now.Parts) != 10 || now.Versions["traceria"] == "" || now.Versions["rabbitmq"] == "" || now.Versions["go"] == "" {
		t.Errorf("%+v", now)
	}
	if !now.Topology.Known || len(now.Topology.Missing) > 0 || now.Topology.Queues == 0 || now.Topology.Users == 0 {
		t.Errorf("%+v", now.Topology)
	}
	missing := func(want ...string) func() bool {
		return func() bool {
			s.Get(t, "console", "/api/parts", &now)
			return slices.Equal(now.Topology.Missing, want)
		}
	}
	binding := []string{"loyalty.order-confirmed", "order.order-confirmed.v1", "events"}
	if err := s.Channel(t).QueueUnbind(binding[0], binding[1], binding[2], amqp091.Table{}); err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, 20*time.Second, "the binding is missed", missing("binding of loyalty.order-confirmed to events by order.order-confirmed.v1"))
	watcher := s.Launch(t, "watcher", s.As(t, "operator"), os.Args[0], "topology", "apply", "--watch")
	systemtest.Eventually(t, 20*time.Second, "the watcher is seen", func() bool {
		s.Get(t, "console", "/api/parts", &now)
		return slices.ContainsFunc(now.Parts, func(p console.Part) bool { return p.Name == "topology" && p.Healthy })
	})
	systemtest.Eventually(t, 20*time.Second, "the binding is back", missing())
	if err := watcher.End(); err != nil {
		t.Error(err)
	}
	systemtest.Eventually(t, 20*time.Second, "the watcher is gone", func() bool {
		s.Get(t, "console", "/api/parts", &now)
		return slices.ContainsFunc(now.Parts, func(p console.Part) bool { return p.Name == "topology" && !p.Healthy })
	})
}
