package failures

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// edgeFailures are the failures of the synchronous edge and of the business.
var edgeFailures = map[failure.Key]failureTest{
	failure.OrderAPIDown:  testOrderAPIDown,
	failure.OrderAPISlow:  testOrderAPISlow,
	failure.KitchenReject: testKitchenReject,
}

// caller returns a context with a trace of the test, so that Jaeger finds a request without an answer.
func caller(t *testing.T) (ctx context.Context, traceID string) {
	t.Helper()
	var config trace.SpanContextConfig
	_, _ = rand.Read(config.TraceID[:])
	_, _ = rand.Read(config.SpanID[:])
	config.TraceFlags = trace.FlagsSampled
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(config)), config.TraceID.String()
}

// The API answers 503 without spans below it. Other orders are accepted.
func testOrderAPIDown(t *testing.T, st *stage) {
	ctx, traceID := caller(t)
	header := http.Header{failure.Header: {string(failure.OrderAPIDown)}}
	_, err := st.Client().Do(ctx, http.MethodPost, "/order", header, orderclient.OneMargherita("customer-1"))
	if err == nil || !strings.Contains(err.Error(), "order-api.down is switched on") {
		t.Fatalf("the answer is %v", err)
	}
	refused := func(tree *tracetree.Tree) string {
		spans := spansOf(tree, "order", "")
		if fault := wantSpans("of the order service", spans, 1); fault != "" {
			return fault
		}
		if code := spans[0].Attributes["http.response.status_code"]; spans[0].Status != tracetree.StatusError || code != int64(503) {
			return fmt.Sprintf("status %q, %v", spans[0].Status, code)
		}
		return firstFault(wantInjected(spans[0], failure.OrderAPIDown), wantEvaluated(spans[0], failure.OrderAPIDown, "on"))
	}
	st.trace(t, traceID, refused)
	order := st.placeCleanOrder(t)

	st.set(t, failure.OrderAPIDown, failure.Setting{})
	ctx, traceID = caller(t)
	if _, err := st.Client().Do(ctx, http.MethodGet, "/order/"+order.OrderID, nil, nil); err == nil {
		t.Fatal("GET /order/{id} is answered")
	}
	st.trace(t, traceID, refused)
	st.clear(t)
	st.placeCleanOrder(t)
}

// The answer takes two seconds longer, and the order is delivered.
func testOrderAPISlow(t *testing.T, st *stage) {
	order := st.place(t, "order-api.slow=2s")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		served := spansOf(tree, "order", "POST /order")
		if fault := wantSpans("POST /order", served, 1); fault != "" {
			return fault
		}
		if served[0].Duration < 2*time.Second || served[0].Status == tracetree.StatusError {
			return fmt.Sprintf("the request took %s, status %q", served[0].Duration, served[0].Status)
		}
		return firstFault(wantInjected(served[0], failure.OrderAPISlow), wantEvaluated(served[0], failure.OrderAPISlow, "2s"))
	})
	st.placeCleanOrder(t)
}

// The kitchen rejects the order. It is cancelled, its points are reversed, and no span has an error.
func testKitchenReject(t *testing.T, st *stage) {
	order := st.place(t, "kitchen.reject")
	st.awaitStatus(t, order, "cancelled")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		decided := spansOf(tree, "kitchen", "process events:order.order-confirmed")
		if fault := wantSpans("of the decision", decided, 1); fault != "" {
			return fault
		}
		for _, span := range tree.Spans() {
			if span.Status == tracetree.StatusError {
				return span.Name + " is an error"
			}
		}
		return firstFault(wantInjected(decided[0], failure.KitchenReject), wantEvaluated(decided[0], failure.KitchenReject, "on"),
			wantSpans("of the rejection", children(tree, decided[0], "send events:kitchen.order-rejected"), 1),
			wantSpans("of tickets", spansOf(tree, "kitchen", "send kitchen.private:"), 0),
			wantSpans("of the cancellation", spansOf(tree, "order", "send events:order.order-cancelled"), 1),
			wantSpans("of the points", spansOf(tree, "loyalty", "send events:loyalty.loyalty-points-reversed"), 1))
	})
	st.wantWhole(t, order)
	st.placeCleanOrder(t)
}
