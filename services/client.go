package main

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

	"traceria/services/host"
	"traceria/telemetry"
)

// orderClient talks to the order service. It makes no spans of its own, but passes the caller's context on: with
// TRACEPARENT in the environment (https://opentelemetry.io/docs/specs/otel/context/env-carriers/) an order
// becomes part of the caller's trace.
type orderClient struct {
	base   string
	client *http.Client
}

func newOrderClient(base string) *orderClient {
	carrier := &telemetry.Telemetry{
		TracerProvider: noop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Propagator: telemetry.W3C,
	}
	return &orderClient{base: base, client: &http.Client{
		Transport: carrier.Transport(http.DefaultTransport), Timeout: 30 * time.Second,
	}}
}

// callerContext is ctx with the trace context of the environment, if there is one.
func callerContext(ctx context.Context) context.Context {
	return telemetry.W3C.Extract(ctx, propagation.MapCarrier{
		"traceparent": os.Getenv("TRACEPARENT"), "tracestate": os.Getenv("TRACESTATE"), "baggage": os.Getenv("BAGGAGE"),
	})
}

// unrecorded is ctx with a trace context that says: not sampled. A program that polls would otherwise bury the
// story that it waits for under a hundred small traces.
func unrecorded(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0: 1}, SpanID: trace.SpanID{0: 1},
	}))
}

// placed is what the order service answers to POST /order and GET /order/{id}: the fields that the tools read,
// and the answer as it came.
type placed struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	Status      string `json:"status"`
	TraceID     string `json:"traceId"`
	Links       struct {
		Jaeger string `json:"jaeger"`
	} `json:"links"`
	raw json.RawMessage
}

func (c *orderClient) do(ctx context.Context, method, path string, header http.Header, body any) (placed, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return placed{}, fmt.Errorf("write the request: %w", err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return placed{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	maps.Copy(request.Header, header)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.client.Do(request)
	if err != nil {
		return placed{}, fmt.Errorf("the order service at %s does not answer (is the system up? make up, or traceria all): %w", c.base, err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return placed{}, fmt.Errorf("read the answer of the order service: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return placed{}, refusal(response, text)
	}
	answer := placed{raw: text}
	if err := json.Unmarshal(text, &answer); err != nil || answer.OrderID == "" {
		return placed{}, fmt.Errorf("%s does not answer like an order service: %.80q", c.base, text)
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
func (p placed) settled() bool { return p.Status == "delivered" || p.Status == "cancelled" }

// await asks for the order until it is delivered or cancelled, or ctx ends.
func (c *orderClient) await(ctx context.Context, orderID string) (placed, error) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	last := placed{Status: "unknown"}
	for {
		now, err := c.do(unrecorded(ctx), http.MethodGet, "/order/"+orderID, nil, nil)
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

// lastLook asks once more for an order that was not settled when await ended with err. It returns what is known last, and
// no error when the order is settled now.
func (c *orderClient) lastLook(ctx context.Context, known placed, orderID string, err error) (placed, error) {
	now, failed := c.do(unrecorded(ctx), http.MethodGet, "/order/"+orderID, nil, nil)
	switch {
	case failed != nil:
		return known, err
	case now.settled():
		return now, nil
	default:
		return now, fmt.Errorf("order %s is still %s: %w", orderID, now.Status, errors.Unwrap(err))
	}
}
