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

// branch is a pizzeria of a test's own, beside the system of the other tests: on the same broker, in a virtual host of its
// own, and seen by the same Jaeger.
type branch struct {
	*systemtest.System
	amqp      string
	processes map[string]*systemtest.Process
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

// reopen stops a service and starts it with more environment.
func (b *branch) reopen(t *testing.T, service string, env ...string) {
	t.Helper()
	if err := b.processes[service].End(); err != nil {
		t.Fatal(err)
	}
	b.open(t, service, env...)
	b.await(t)
}

func (b *branch) await(t *testing.T) {
	t.Helper()
	for name, address := range b.Addresses {
		systemtest.AwaitReady(t, name, address)
	}
}

// serve places an order and waits until it is delivered and its points are given.
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

// named are the names of a tree's spans of one kind that contain a text.
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

// Sparse: delivery takes v3, which has no address but its id, and the others stay with the fat forms.
func TestSparseEventsWithoutCallingBack(t *testing.T) {
	b := openBranch(t, "EVENT_STYLE=sparse", slowKitchen)
	tree := b.Tree(t, b.serve(t, "sparse").TraceID)
	systemtest.CompareGolden(t, "sparse.tree", tree)
	if got, want := named(tree, "consumer", "order.order-confirmed."), []string{
		"process events:order.order-confirmed.v1:loyalty.order-confirmed",
		"process events:order.order-confirmed.v2:kitchen.order-confirmed",
		"process events:order.order-confirmed.v3:delivery.order-confirmed",
	}; !slices.Equal(got, want) {
		t.Errorf("confirmations are taken by %v, want %v", got, want)
	}
	if got := named(tree, "server", "/order/"); len(got) != 0 {
		t.Errorf("somebody called back: %v", got)
	}
	noDeadLetters(t, b.amqp)
}

// Sparse with a call back: everybody takes v3 and asks the order service, inside the span of the event.
func TestSparseEventsWithACallBack(t *testing.T) {
	b := openBranch(t, "EVENT_STYLE=sparse-callback", slowKitchen)
	tree := b.Tree(t, b.serve(t, "callback").TraceID)
	systemtest.CompareGolden(t, "sparse-callback.tree", tree)
	if got := named(tree, "consumer", "order.order-confirmed.v3"); len(got) != 3 {
		t.Errorf("v3 is taken by %v, want kitchen, delivery and loyalty", got)
	}
	if got := named(tree, "server", "GET /order/{id}"); len(got) != 3 {
		t.Errorf("%d call backs, want three: %v", len(got), got)
	}
	if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
		t.Errorf("%d roots, %d spans without their parent", len(tree.Roots), len(tree.Orphans))
	}
	noDeadLetters(t, b.amqp)
}

// Loyalty moves from v1 to v2 while orders come, by the steps in event/README.md: every order is paid in points once.
func TestLoyaltyMovesFromV1ToV2WhileOrdersFlow(t *testing.T) {
	b := openBranch(t)
	const customer = "mover"
	orders := 0
	b.serve(t, customer)
	orders++
	for _, step := range []struct{ service, env string }{
		{"loyalty", "LOYALTY_ORDER_CONFIRMED=v1,v2"}, {"order", "EVENT_VERSIONS=v2"}, {"loyalty", "LOYALTY_ORDER_CONFIRMED=v2"},
	} {
		// One is under way while the service moves.
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
		t.Errorf("at the end %v is published, want v2 only", got)
	}
	noDeadLetters(t, b.amqp)
}
