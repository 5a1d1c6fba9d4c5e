package failures

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// Events or calls: the tree of an order that was called through, what becomes of it when one of the others is away, and
// the first step away from that.
func testIntegration(t *testing.T, b *stage) {
	b.set(t, failure.Integration, failure.Setting{Variant: "sync"})
	order := b.order(t, "")
	if order.Status != "delivered" {
		t.Errorf("the answer says %s", order.Status)
	}
	tree := b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		served := spansOf(tree, "order", "POST /order")
		lack := some("POST /order", served, 1)
		for _, service := range []string{"kitchen", "loyalty", "delivery"} {
			lack = first(lack, some("of calls at "+service, spansOf(tree, service, "POST /"), 1))
		}
		if lack == "" {
			lack = evaluated(served[0], failure.Integration, "sync")
		}
		return first(lack, whole(tree), clean(tree))
	})
	for _, span := range tree.Spans() {
		if span.Attributes["messaging.system"] != nil {
			t.Errorf("%s is a messaging span", span.Name)
		}
	}
	systemtest.CompareGolden(t, "integration-sync.tree", b.Tree(t, order.TraceID))
	b.becomes(t, order, "delivered")
	b.refusesBadCommands(t)
	b.earnsOnce(t)

	for _, service := range []string{"loyalty", "delivery", "kitchen"} {
		testCallFails(t, b, service)
	}
	testLoyaltyAsync(t, b)

	b.clear(t)
	systemtest.MatchGolden(t, systemtest.HappyPath, b.told(t, func(*tracetree.Tree) string { return "" }))
}

// testCallFails: one of those who are called is away, and the order fails.
func testCallFails(t *testing.T, b *stage, service string) {
	t.Helper()
	back := b.away(t, service)
	ctx, traceID := caller(t)
	_, err := b.Client().Do(ctx, http.MethodPost, "/order", nil, orderclient.OneMargherita("customer-1"))
	if err == nil || !strings.Contains(err.Error(), service+" was called and failed, and the order is cancelled") {
		t.Errorf("without %s the answer is %v", service, err)
	}
	tree := b.trace(t, traceID, func(tree *tracetree.Tree) string {
		served := spansOf(tree, "order", "POST /order")
		if lack := some("POST /order", served, 1); lack != "" {
			return lack
		}
		if code := served[0].Attributes["http.response.status_code"]; served[0].Status != tracetree.StatusError || code != int64(503) {
			return fmt.Sprintf("POST /order: status %q, %v", served[0].Status, code)
		}
		for _, call := range children(tree, served[0], "") {
			if call.Kind == tracetree.KindClient && call.Status == tracetree.StatusError {
				return some("of "+service, spansOf(tree, service, ""), 0)
			}
		}
		return "no call is an error"
	})
	id, _ := spansOf(tree, "order", "POST /order")[0].Attributes["traceria.conversation"].(string)
	b.becomes(t, orderclient.Order{OrderID: id}, "cancelled")
	back()
}

// testLoyaltyAsync: loyalty hears of the order by an event, and may be away.
func testLoyaltyAsync(t *testing.T, b *stage) {
	t.Helper()
	b.set(t, failure.Integration, failure.Setting{Variant: "loyalty-async"})
	earned := func(tree *tracetree.Tree) string {
		return first(some("of the confirmation", spansOf(tree, "order", aConfirmation), 1),
			some("of loyalty", spansOf(tree, "loyalty", "process events:order.order-confirmed.v1"), 1),
			some("of the points", spansOf(tree, "order", "process events:loyalty.loyalty-points-earned"), 1),
			some("of calls at the kitchen", spansOf(tree, "kitchen", "POST /tickets"), 1),
			some("of calls at delivery", spansOf(tree, "delivery", "POST /delivery"), 1), clean(tree))
	}
	order := b.order(t, "")
	if order.Status != "delivered" {
		t.Errorf("the answer says %s", order.Status)
	}
	b.trace(t, order.TraceID, earned)
	systemtest.CompareGolden(t, "integration-loyalty-async.tree", b.Tree(t, order.TraceID))

	back := b.away(t, "loyalty")
	order = b.order(t, "")
	if order.Status != "delivered" {
		t.Errorf("without loyalty the answer says %s", order.Status)
	}
	back()
	b.trace(t, order.TraceID, earned)
}

// away stops a service, and returns a function that starts it again.
func (b *stage) away(t *testing.T, service string) (back func()) {
	t.Helper()
	if err := b.Services[service].Stop(); err != nil {
		t.Fatal(err)
	}
	return func() {
		b.Services[service] = systemtest.Supervise(service, b.Environment(t, service))
		b.Await(t, 30*time.Second, "the services are back", b.Ready)
	}
}

// earnsOnce asks loyalty twice for the points of one order, as a caller does who had no answer.
func (b *stage) earnsOnce(t *testing.T) {
	t.Helper()
	const body = `{"orderId":"order-asked-twice","customerId":"customer-twice","orderValue":{"value":"12.50","currency":"GBP"}}`
	for range 2 {
		response, err := http.Post("http://"+b.Addresses["loyalty"]+"/loyalty", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", response.StatusCode, text)
		}
	}
	if points, times := b.points(t, "customer-twice", "order-asked-twice"); points != 12 || times != 1 {
		t.Errorf("%d points, %d times: want 12 once", points, times)
	}
}

// refusesBadCommands gives the called services bodies that are not what they want.
func (b *stage) refusesBadCommands(t *testing.T) {
	t.Helper()
	for _, bad := range []struct{ service, path, body, field string }{
		{"kitchen", "/tickets", `{}`, "orderId"},
		{"kitchen", "/tickets", `{"orderId":"o"}`, "items"},
		{"kitchen", "/tickets", `{"orderId":"o","items":[{"itemName":"Margherita"}]}`, "items[0]"},
		{"delivery", "/delivery", `{"orderId":"o"}`, "customerId"},
		{"delivery", "/delivery", `{"orderId":"o","customerId":"c"}`, "deliveryAddress"},
		{"delivery", "/delivery", `{"orderId":"o","customerId":"c","deliveryAddress":{}}`, "deliveryAddress.addressLine1"},
		{"loyalty", "/loyalty", `{"orderId":"o","customerId":"c"}`, "orderValue"},
		{"loyalty", "/loyalty", `{"customerId":"c"}`, "orderId"},
	} {
		response, err := http.Post("http://"+b.Addresses[bad.service]+bad.path, "application/json", bytes.NewReader([]byte(bad.body)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(text), `"field":"`+bad.field+`"`) {
			t.Errorf("%s %s: %d %s, want 422 that names %s", bad.path, bad.body, response.StatusCode, text, bad.field)
		}
	}
}
