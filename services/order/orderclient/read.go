package orderclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/trace"

	"traceria/services/host"
)

// pollInterval is the interval at which Await asks.
const pollInterval = 100 * time.Millisecond

// Get returns the order as it is now. The request is not recorded in a trace.
func (c *Client) Get(ctx context.Context, orderID string) (Order, error) {
	return c.Do(Unrecorded(ctx), http.MethodGet, "/order/"+url.PathEscape(orderID), nil, nil)
}

// FindNumber returns the order with a number such as ORD17. It returns a 404 [host.Problem] if there is none.
func (c *Client) FindNumber(ctx context.Context, number string) (Order, error) {
	query := url.Values{"orderNumber": {number}}
	text, err := c.exchange(Unrecorded(ctx), http.MethodGet, "/order?"+query.Encode(), nil, nil)
	if err != nil {
		return Order{}, err
	}
	var answer struct{ Orders []Order }
	if err := json.Unmarshal(text, &answer); err != nil {
		return Order{}, c.foreign(text)
	}
	if len(answer.Orders) == 0 {
		return Order{}, host.NotFound("the order service at %s has no order %s", c.at, number)
	}
	return answer.Orders[0], nil
}

// Await asks for the order until its status is final or ctx ends.
func (c *Client) Await(ctx context.Context, orderID string) (Order, error) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	last := Order{Status: "unknown"}
	for {
		now, err := c.Get(ctx, orderID)
		if err == nil {
			last = now
			if last.Settled() {
				return last, nil
			}
		}
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("order %s is still %s: %w", orderID, last.Status, context.Cause(ctx))
		case <-poll.C:
		}
	}
}

// Unrecorded returns ctx with a trace context that is not sampled: a program that polls would otherwise bury the trace of
// the order under those of its queries.
func Unrecorded(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0: 1}, SpanID: trace.SpanID{0: 1},
	}))
}
