// Package orderclient places orders with the order service and reads their progress.
package orderclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/sync/errgroup"

	"traceria/services/host"
	"traceria/telemetry"
)

// Client talks to the order service. It makes no spans of its own, but passes the caller's context on: with
// TRACEPARENT in the environment (https://opentelemetry.io/docs/specs/otel/context/env-carriers/) an order
// becomes part of the caller's trace.
type Client struct {
	base   string
	client *http.Client
}

// New returns a client of the order service at base, such as http://127.0.0.1:8081.
func New(base string) *Client {
	carrier := &telemetry.Telemetry{
		TracerProvider: noop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Propagator: telemetry.W3C,
	}
	return &Client{base: base, client: &http.Client{
		Transport: carrier.Transport(http.DefaultTransport), Timeout: 30 * time.Second,
	}}
}

// CallerContext is ctx with the trace context of the environment, if there is one.
func CallerContext(ctx context.Context) context.Context {
	return telemetry.W3C.Extract(ctx, propagation.MapCarrier{
		"traceparent": os.Getenv("TRACEPARENT"), "tracestate": os.Getenv("TRACESTATE"), "baggage": os.Getenv("BAGGAGE"),
	})
}

// Unrecorded is ctx with a trace context that says: not sampled. A program that polls would otherwise bury the
// story that it waits for under a hundred small traces.
func Unrecorded(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0: 1}, SpanID: trace.SpanID{0: 1},
	}))
}

// Order is what the order service answers to POST /order and GET /order/{id}: the fields that the tools read,
// and the answer as it came.
type Order struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	Status      string `json:"status"`
	TraceID     string `json:"traceId"`
	Links       struct {
		Jaeger string `json:"jaeger"`
	} `json:"links"`
	Raw json.RawMessage
}

// Do sends a request and returns the order in the answer. header and body may be nil. A status of 400 or more is an error: a
// *host.Problem when the body is a problem document.
func (c *Client) Do(ctx context.Context, method, path string, header http.Header, body any) (Order, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Order{}, fmt.Errorf("write the request: %w", err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return Order{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return Order{}, fmt.Errorf("the order service at %s does not answer (is the system up? make up, or traceria all): %w", c.base, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return Order{}, fmt.Errorf("read the answer of the order service: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return Order{}, refusal(response, text)
	}
	answer := Order{Raw: text}
	if err := json.Unmarshal(text, &answer); err != nil || answer.OrderID == "" {
		return Order{}, fmt.Errorf("%s does not answer like an order service: %.80q", c.base, text)
	}
	return answer, nil
}

// refusal is the problem document of the answer, as an error.
func refusal(response *http.Response, text []byte) error {
	var problem host.Problem
	if err := json.Unmarshal(text, &problem); err != nil || problem.Title == "" {
		return errors.New("the order service refused: " + response.Status)
	}
	return &problem
}

// settled says whether nothing more will happen to the order.
func (p Order) settled() bool { return p.Status == "delivered" || p.Status == "cancelled" }

// Await asks for the order until it is delivered or cancelled, or ctx ends.
func (c *Client) Await(ctx context.Context, orderID string) (Order, error) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	last := Order{Status: "unknown"}
	for {
		now, err := c.Do(Unrecorded(ctx), http.MethodGet, "/order/"+orderID, nil, nil)
		if err == nil {
			last = now
			if last.settled() {
				return last, nil
			}
		}
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("order %s is still %s: %w", orderID, last.Status, context.Cause(ctx))
		case <-look.C:
		}
	}
}

// LastLook asks once more for an order that was not settled when await ended with err. It returns what is known last, and
// no error when the order is settled now.
func (c *Client) LastLook(ctx context.Context, known Order, orderID string, err error) (Order, error) {
	now, failed := c.Do(Unrecorded(ctx), http.MethodGet, "/order/"+orderID, nil, nil)
	switch {
	case failed != nil:
		return known, err
	case now.settled():
		return now, nil
	default:
		return now, fmt.Errorf("order %s is still %s: %w", orderID, now.Status, errors.Unwrap(err))
	}
}

// OneMargherita is the order that the tools place: the one from the talk.
func OneMargherita(customer string) map[string]any {
	return map[string]any{
		"customerId":      customer,
		"items":           []map[string]any{{"itemName": "Margherita", "quantity": 1}},
		"deliveryAddress": map[string]string{"addressLine1": "167 My Street"},
	}
}

// AtOnce is how many requests are under way at the same time.
const AtOnce = 50

// PlaceAll places orders for one Margherita each, 50 at a time. failure is the value of X-Traceria-Failure; an empty one is
// not sent. It returns the first error, and the orders that were placed.
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
