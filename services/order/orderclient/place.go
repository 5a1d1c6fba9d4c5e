package orderclient

import (
	"context"
	"net/http"
	"os"

	"go.opentelemetry.io/otel/propagation"
	"golang.org/x/sync/errgroup"

	"traceria/telemetry"
)

// AtOnce is the number of requests that may be in progress at the same time.
const AtOnce = 50

// PlaceAll places orders for one Margherita each, 50 at a time. failure is the value of X-Traceria-Failure; an empty one is
// not sent. It returns the orders that were placed, and the first error.
func (c *Client) PlaceAll(ctx context.Context, orders int, customer, failure string) ([]Order, error) {
	header := http.Header{}
	if failure != "" {
		header.Set("X-Traceria-Failure", failure)
	}
	answers := make([]Order, orders)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(AtOnce)
	for i := range answers {
		group.Go(func() (err error) {
			answers[i], err = c.Do(ctx, http.MethodPost, "/order", header, OneMargherita(customer))
			return err
		})
	}
	return answers, group.Wait()
}

// OneMargherita is the body of POST /order for one Margherita: the order from the talk.
func OneMargherita(customer string) map[string]any {
	return map[string]any{
		"customerId":      customer,
		"items":           []map[string]any{{"itemName": "Margherita", "quantity": 1}},
		"deliveryAddress": map[string]string{"addressLine1": "167 My Street"},
	}
}

// CallerContext returns ctx with the trace context in TRACEPARENT, TRACESTATE and BAGGAGE, if they are set: an order then
// joins the caller's trace (https://opentelemetry.io/docs/specs/otel/context/env-carriers/).
func CallerContext(ctx context.Context) context.Context {
	return telemetry.W3C.Extract(ctx, propagation.MapCarrier{
		"traceparent": os.Getenv("TRACEPARENT"), "tracestate": os.Getenv("TRACESTATE"), "baggage": os.Getenv("BAGGAGE"),
	})
}
