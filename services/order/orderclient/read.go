package orderclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
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
	orders, err := c.list(text)
	if err == nil && len(orders) == 0 {
		err = host.NotFound("the order service at %s has no order %s", c.at, number)
	}
	if err != nil {
		return Order{}, err
	}
	return orders[0], nil
}

// Page is the largest number of orders that From returns. Their timelines have about 1.5 kB each.
const Page = 200

// From returns the orders of a customer from an order number on, the oldest first and with their timelines, at most [Page]. An
// empty customer means all. The request is not recorded in a trace.
func (c *Client) From(ctx context.Context, number, customer string) ([]Order, error) {
	query := url.Values{"from": {number}, "limit": {strconv.Itoa(Page)}, "timeline": {"true"}}
	if customer != "" {
		query.Set("customerId", customer)
	}
	text, err := c.exchange(Unrecorded(ctx), http.MethodGet, "/order?"+query.Encode(), nil, nil)
	if err != nil {
		return nil, err
	}
	return c.list(text)
}

// list reads a list of orders.
func (c *Client) list(text []byte) ([]Order, error) {
	var answer struct{ Orders []Order }
	if err := json.Unmarshal(text, &answer); err != nil || answer.Orders == nil {
		return nil, c.foreign(text)
	}
	return answer.Orders, nil
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
