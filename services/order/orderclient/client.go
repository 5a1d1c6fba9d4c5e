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
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace/noop"

	"traceria/services/host"
	"traceria/telemetry"
)

const (
	// requestTime bounds one request.
	requestTime = 30 * time.Second
	// maxAnswer is how many bytes of an answer are read.
	maxAnswer = 1 << 20
)

// Client talks to the order service. It makes no spans of its own and passes the trace context of the caller on.
type Client struct {
	base   string
	at     string // base without a secret, for messages
	client *http.Client
}

// New returns a client of the order service at base, such as http://127.0.0.1:8081.
func New(base string) *Client { return newClient(base, http.DefaultTransport) }

// NewWithConnections is New for a program that sends many requests at the same time. The client keeps so many connections of its
// own: http.DefaultTransport keeps two and opens another one for almost every request then. The caller must call done.
func NewWithConnections(base string, connections int) (c *Client, done func()) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConns: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: idleTime,
	}
	return newClient(base, transport), transport.CloseIdleConnections
}

// idleTime is shorter than the time after which a service closes a connection that is not used.
const idleTime = 30 * time.Second

func newClient(base string, transport http.RoundTripper) *Client {
	carrier := &telemetry.Telemetry{
		TracerProvider: noop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Propagator: telemetry.W3C,
	}
	return &Client{base: base, at: telemetry.Redacted(base), client: &http.Client{
		Transport: carrier.Transport(transport), Timeout: requestTime,
	}}
}

// Do sends a request and returns the order in the answer. header and body may be nil. A status of 400 or more is an error: a
// *host.Problem if the body is a problem document.
func (c *Client) Do(ctx context.Context, method, path string, header http.Header, body any) (Order, error) {
	text, err := c.exchange(ctx, method, path, header, body)
	if err != nil {
		return Order{}, err
	}
	answer := Order{Raw: text}
	if err := json.Unmarshal(text, &answer); err != nil || answer.OrderID == "" {
		return Order{}, c.foreign(text)
	}
	return answer, nil
}

// exchange sends a request and returns the body of the answer.
func (c *Client) exchange(ctx context.Context, method, path string, header http.Header, body any) ([]byte, error) {
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, telemetry.WithoutURL(err))
	}
	maps.Copy(request.Header, header)
	response, err := c.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the order service at %s does not answer (start it with: make up, or: traceria all): %w", c.at, telemetry.WithoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of the order service at %s: %w", c.at, telemetry.WithoutURL(err))
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, refusal(response, text)
	}
	return text, nil
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}

// refusal is the problem document of the answer, as an error.
func refusal(response *http.Response, text []byte) error {
	var problem host.Problem
	if err := json.Unmarshal(text, &problem); err != nil || problem.Title == "" {
		return errors.New("the order service refuses the request: " + response.Status)
	}
	return &problem
}

func (c *Client) foreign(text []byte) error {
	return fmt.Errorf("%s does not answer like an order service: %.80q", c.at, text)
}
