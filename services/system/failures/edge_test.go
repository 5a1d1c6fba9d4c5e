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

// edgeFailures are those of the synchronous edge and of the business.
var edgeFailures = map[failure.Key]failureTest{
	failure.OrderAPIDown:  testOrderAPIDown,
	failure.OrderAPISlow:  testOrderAPISlow,
	failure.KitchenReject: testKitchenReject,
}

// caller is a context with a trace of the test's own, so that a request is found in Jaeger that has no answer.
func caller(t *testing.T) (ctx context.Context, traceID string) {
	t.Helper()
	var config trace.SpanContextConfig
	_, _ = rand.Read(config.TraceID[:])
	_, _ = rand.Read(config.SpanID[:])
	config.TraceFlags = trace.FlagsSampled
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(config)), config.TraceID.String()
}

// The API answers 503, and nothing is under it; others' orders are taken.
func testOrderAPIDown(t *testing.T, b *stage) {
	ctx, traceID := caller(t)
	header := http.Header{failure.Header: {string(failure.OrderAPIDown)}}
	_, err := b.Client().Do(ctx, http.MethodPost, "/order", header, orderclient.OneMargherita("customer-1"))
	if err == nil || !strings.Contains(err.Error(), "order-api.down is switched on") {
		t.Fatalf("the answer is %v", err)
	}
	refused := func(tree *tracetree.Tree) string {
		spans := spansOf(tree, "order", "")
		if lack := some("of the order service", spans, 1); lack != "" {
			return lack
		}
		if code := spans[0].Attributes["http.response.status_code"]; spans[0].Status != tracetree.StatusError || code != int64(503) {
			return fmt.Sprintf("status %q, %v", spans[0].Status, code)
		}
		return first(injected(spans[0], failure.OrderAPIDown), evaluated(spans[0], failure.OrderAPIDown, "on"))
	}
	b.trace(t, traceID, refused)
	order := b.cleanOrder(t)

	b.set(t, failure.OrderAPIDown, failure.Setting{})
	ctx, traceID = caller(t)
	if _, err := b.Client().Do(ctx, http.MethodGet, "/order/"+order.OrderID, nil, nil); err == nil {
		t.Fatal("GET /order/{id} is answered")
	}
	b.trace(t, traceID, refused)
	b.clear(t)
	b.cleanOrder(t)
}

// The answer takes two seconds longer, and the order goes its way.
func testOrderAPISlow(t *testing.T, b *stage) {
	order := b.order(t, "order-api.slow=2s")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		served := spansOf(tree, "order", "POST /order")
		if lack := some("POST /order", served, 1); lack != "" {
			return lack
		}
		if served[0].Duration < 2*time.Second || served[0].Status == tracetree.StatusError {
			return fmt.Sprintf("it took %s, status %q", served[0].Duration, served[0].Status)
		}
		return first(injected(served[0], failure.OrderAPISlow), evaluated(served[0], failure.OrderAPISlow, "2s"))
	})
	b.cleanOrder(t)
}

// The kitchen's decision: the order is cancelled, its points are taken back, and nothing is an error.
func testKitchenReject(t *testing.T, b *stage) {
	order := b.order(t, "kitchen.reject")
	b.becomes(t, order, "cancelled")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		decided := spansOf(tree, "kitchen", "process events:order.order-confirmed")
		if lack := some("of the decision", decided, 1); lack != "" {
			return lack
		}
		for _, span := range tree.Spans() {
			if span.Status == tracetree.StatusError {
				return span.Name + " is an error"
			}
		}
		return first(injected(decided[0], failure.KitchenReject), evaluated(decided[0], failure.KitchenReject, "on"),
			some("of the rejection", children(tree, decided[0], "send events:kitchen.order-rejected"), 1),
			some("of tickets", spansOf(tree, "kitchen", "send kitchen.private:"), 0),
			some("of the cancellation", spansOf(tree, "order", "send events:order.order-cancelled"), 1),
			some("of the points", spansOf(tree, "loyalty", "send events:loyalty.loyalty-points-reversed"), 1))
	})
	b.cleanOrder(t)
}
