package system

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// branch is a second pizzeria. It shares the broker, in its own virtual host, and Jaeger with the other tests.
type branch struct {
	*systemtest.System
	amqp      string
	processes map[string]*systemtest.Process
	changes   []string // the variables of all restarts, which the topology follows
}

func openBranch(t *testing.T, env ...string) *branch {
	t.Helper()
	shared := systemtest.Up(t)
	b := &branch{
		System: &systemtest.System{Addresses: map[string]string{}, Jaeger: shared.Jaeger, Broker: shared.Broker},
		amqp:   shared.Broker.VHost(t), processes: map[string]*systemtest.Process{},
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	b.Env = append(append([]string{}, shared.Env...), "AMQP_URL="+b.amqp, "TRACERIA_DATA="+t.TempDir(), "KITCHEN_COOKING_TIME=10ms-50ms")
	for _, service := range pizzeria.Services() {
		b.Addresses[service.Name] = systemtest.FreeAddress(t)
		b.Env = append(b.Env, strings.ToUpper(service.Name)+"_URL=http://"+b.Addresses[service.Name])
	}
	b.Env = append(b.Env, env...)
	b.keepTopology(t)
	for _, service := range pizzeria.Services() {
		b.open(t, service.Name)
	}
	b.await(t)
	return b
}

func (b *branch) open(t *testing.T, service string, env ...string) {
	t.Helper()
	b.processes[service] = b.Launch(t, service, append(env, "HTTP_ADDR="+b.Addresses[service]), os.Args[0], service)
}

// keepTopology starts the process that binds the queues to what the services are configured to take.
func (b *branch) keepTopology(t *testing.T) {
	t.Helper()
	b.processes["topology"] = b.Launch(t, "topology", b.changes, os.Args[0], "topology", "apply", "--watch")
}

// reopen restarts the topology and a service with additional variables.
func (b *branch) reopen(t *testing.T, service string, env ...string) {
	t.Helper()
	for _, name := range []string{"topology", service} {
		if err := b.processes[name].End(); err != nil {
			t.Fatal(err)
		}
	}
	b.changes = append(b.changes, env...)
	b.keepTopology(t)
	b.open(t, service, env...)
	b.await(t)
}

func (b *branch) await(t *testing.T) {
	t.Helper()
	for name, address := range b.Addresses {
		systemtest.AwaitReady(t, name, address)
	}
}

// serve places an order and waits until it is delivered and its points are recorded.
func (b *branch) serve(t *testing.T, customer string) orderclient.Order {
	t.Helper()
	order, err := b.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita(customer))
	if err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, time.Minute, "the order is delivered and its points are given", func() bool {
		var now struct {
			Status   string
			Timeline []struct{ Event string }
		}
		b.Get(t, "order", "/order/"+order.OrderID, &now)
		return now.Status == "delivered" && slices.Contains(now.Timeline, struct{ Event string }{"LoyaltyPointsEarned"})
	})
	return order
}

// named returns the sorted names of the spans of one kind that contain text.
func named(tree *tracetree.Tree, kind, text string) []string {
	var names []string
	for _, span := range tree.Spans() {
		if span.Kind == kind && strings.Contains(span.Name, text) {
			names = append(names, span.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Delivery takes v3, which has the address's id only. The others stay with the fat forms.
func TestSparseEvents(t *testing.T) {
	b := openBranch(t, "EVENT_STYLE=sparse", slowKitchen)
	tree := b.Tree(t, b.serve(t, "sparse").TraceID)
	systemtest.CompareGolden(t, "sparse.tree", tree)
	if got, want := named(tree, "consumer", "order.order-confirmed."), []string{
		"process events:order.order-confirmed.v1:loyalty.order-confirmed",
		"process events:order.order-confirmed.v2:kitchen.order-confirmed",
		"process events:order.order-confirmed.v3:delivery.order-confirmed",
	}; !slices.Equal(got, want) {
		t.Errorf("got the consumers %v, want %v", got, want)
	}
	if got := named(tree, "server", "/order/"); len(got) != 0 {
		t.Errorf("unexpected callbacks: %v", got)
	}
	noDeadLetters(t, b.amqp)
}

// All three take v3 and call the order service below the process span.
func TestSparseEventsWithCallback(t *testing.T) {
	b := openBranch(t, "EVENT_STYLE=sparse-callback", slowKitchen)
	tree := b.Tree(t, b.serve(t, "callback").TraceID)
	systemtest.CompareGolden(t, "sparse-callback.tree", tree)
	if got := named(tree, "consumer", "order.order-confirmed.v3"); len(got) != 3 {
		t.Errorf("v3 has the consumers %v, want kitchen, delivery and loyalty", got)
	}
	if got := named(tree, "server", "GET /order/{id}"); len(got) != 3 {
		t.Errorf("%d callbacks, want three: %v", len(got), got)
	}
	if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
		t.Errorf("%d roots, %d spans without their parent", len(tree.Roots), len(tree.Orphans))
	}
	noDeadLetters(t, b.amqp)
}

// Loyalty moves from v1 to v2 under load by the steps in event/README.md. Every order earns its points once.
func TestLoyaltyMovesFromV1ToV2WhileOrdersFlow(t *testing.T) {
	b := openBranch(t)
	const customer = "mover"
	orders := 0
	b.serve(t, customer)
	orders++
	for _, step := range []struct{ service, env string }{
		{"loyalty", "LOYALTY_ORDER_CONFIRMED=v1,v2"}, {"order", "EVENT_VERSIONS=v2"}, {"loyalty", "LOYALTY_ORDER_CONFIRMED=v2"},
	} {
		// This order is in progress while the service restarts.
		if _, err := b.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita(customer)); err != nil {
			t.Fatal(err)
		}
		b.reopen(t, step.service, step.env)
		b.serve(t, customer)
		orders += 2
	}
	points := struct{ Points int }{}
	systemtest.Eventually(t, time.Minute, "every order has its points", func() bool {
		b.Get(t, "loyalty", "/loyalty/"+customer, &points)
		return points.Points >= 6*orders // 6.63 pounds each
	})
	if points.Points != 6*orders {
		t.Errorf("%d points for %d orders", points.Points, orders)
	}
	last := b.Tree(t, b.serve(t, customer).TraceID)
	if got := named(last, "producer", "order.order-confirmed"); !slices.Equal(got, []string{"send events:order.order-confirmed.v2"}) {
		t.Errorf("got the sends %v, want v2 only", got)
	}
	noDeadLetters(t, b.amqp)
}
