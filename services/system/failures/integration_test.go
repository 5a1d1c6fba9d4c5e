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

// The tree of a synchronous order, its result when a called service is unavailable, and loyalty moved to an event.
func testIntegration(t *testing.T, st *stage) {
	st.set(t, failure.Integration, failure.Setting{Variant: "sync"})
	order := st.place(t, "")
	if order.Status != "delivered" {
		t.Errorf("the answer says %s", order.Status)
	}
	tree := st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		served := spansOf(tree, "order", "POST /order")
		fault := wantSpans("POST /order", served, 1)
		for _, service := range []string{"kitchen", "loyalty", "delivery"} {
			fault = firstFault(fault, wantSpans("of calls at "+service, spansOf(tree, service, "POST /"), 1))
		}
		if fault == "" {
			fault = wantEvaluated(served[0], failure.Integration, "sync")
		}
		return firstFault(fault, wantComplete(tree), wantClean(tree))
	})
	for _, span := range tree.Spans() {
		if span.Attributes["messaging.system"] != nil {
			t.Errorf("%s is a messaging span", span.Name)
		}
	}
	systemtest.CompareGolden(t, "integration-sync.tree", st.Tree(t, order.TraceID))
	st.awaitStatus(t, order, "delivered")
	st.wantWhole(t, order)
	st.wantCommandsRefused(t)
	st.wantPointsOnce(t)

	for _, service := range []string{"loyalty", "delivery", "kitchen"} {
		testCallFails(t, st, service)
	}
	testLoyaltyAsync(t, st)

	st.clear(t)
	systemtest.MatchGolden(t, systemtest.HappyPath, st.completeTree(t, func(*tracetree.Tree) string { return "" }))
}

// testCallFails stops one called service: the order fails and is cancelled.
func testCallFails(t *testing.T, st *stage, service string) {
	t.Helper()
	back := st.away(t, service)
	ctx, traceID := caller(t)
	_, err := st.Client().Do(ctx, http.MethodPost, "/order", nil, orderclient.OneMargherita("customer-1"))
	if err == nil || !strings.Contains(err.Error(), service+" was called and failed, and the order is cancelled") {
		t.Errorf("without %s the answer is %v", service, err)
	}
	tree := st.trace(t, traceID, func(tree *tracetree.Tree) string {
		served := spansOf(tree, "order", "POST /order")
		if fault := wantSpans("POST /order", served, 1); fault != "" {
			return fault
		}
		if code := served[0].Attributes["http.response.status_code"]; served[0].Status != tracetree.StatusError || code != int64(503) {
			return fmt.Sprintf("POST /order: status %q, %v", served[0].Status, code)
		}
		for _, call := range children(tree, served[0], "") {
			if call.Kind == tracetree.KindClient && call.Status == tracetree.StatusError {
				return wantSpans("of "+service, spansOf(tree, service, ""), 0)
			}
		}
		return "no call is an error"
	})
	id, _ := spansOf(tree, "order", "POST /order")[0].Attributes["traceria.conversation"].(string)
	st.awaitStatus(t, orderclient.Order{OrderID: id}, "cancelled")
	back()
}

// testLoyaltyAsync moves loyalty to an event: it may be unavailable.
func testLoyaltyAsync(t *testing.T, st *stage) {
	t.Helper()
	st.set(t, failure.Integration, failure.Setting{Variant: "loyalty-async"})
	earned := func(tree *tracetree.Tree) string {
		return firstFault(wantSpans("of the confirmation", spansOf(tree, "order", confirmationSent), 1),
			wantSpans("of loyalty", spansOf(tree, "loyalty", "process events:order.order-confirmed.v1"), 1),
			wantSpans("of the points", spansOf(tree, "order", "process events:loyalty.loyalty-points-earned"), 1),
			wantSpans("of calls at the kitchen", spansOf(tree, "kitchen", "POST /tickets"), 1),
			wantSpans("of calls at delivery", spansOf(tree, "delivery", "POST /delivery"), 1), wantClean(tree))
	}
	order := st.place(t, "")
	if order.Status != "delivered" {
		t.Errorf("the answer says %s", order.Status)
	}
	st.trace(t, order.TraceID, earned)
	systemtest.CompareGolden(t, "integration-loyalty-async.tree", st.Tree(t, order.TraceID))
	st.wantWhole(t, order)

	back := st.away(t, "loyalty")
	order = st.place(t, "")
	if order.Status != "delivered" {
		t.Errorf("without loyalty the answer says %s", order.Status)
	}
	back()
	st.trace(t, order.TraceID, earned)
}

// away stops a service. back starts it again.
func (st *stage) away(t *testing.T, service string) (back func()) {
	t.Helper()
	if err := st.Services[service].Stop(); err != nil {
		t.Fatal(err)
	}
	return func() {
		st.Services[service] = systemtest.Supervise(service, st.Environment(t, service))
		st.Await(t, 30*time.Second, "the services are back", st.Ready)
	}
}

// wantPointsOnce calls loyalty twice for one order, as a caller without an answer does.
func (st *stage) wantPointsOnce(t *testing.T) {
	t.Helper()
	const body = `{"orderId":"order-asked-twice","customerId":"customer-twice","orderValue":{"value":"12.50","currency":"GBP"}}`
	for range 2 {
		response, err := http.Post("http://"+st.Addresses["loyalty"]+"/loyalty", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", response.StatusCode, text)
		}
	}
	if points, times := st.points(t, "customer-twice", "order-asked-twice"); points != 12 || times != 1 {
		t.Errorf("%d points in %d entries, want 12 in 1", points, times)
	}
}

// wantCommandsRefused sends invalid bodies to the called services.
func (st *stage) wantCommandsRefused(t *testing.T) {
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
		response, err := http.Post("http://"+st.Addresses[bad.service]+bad.path, "application/json", bytes.NewReader([]byte(bad.body)))
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
