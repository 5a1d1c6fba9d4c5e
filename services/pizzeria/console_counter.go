package pizzeria

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/baggage"

	"traceria/services/console"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/order/orderclient"
	"traceria/telemetry"
)

const (
	// placingTime limits one order, also one that order-api.slow holds back.
	placingTime = 30 * time.Second
	// longestOrderAnswer is how many bytes of an answer of the order service are read.
	longestOrderAnswer = 1 << 20
)

// counter places orders at the order service. It implements [console.Counter].
type counter struct {
	base   string
	client http.Client
}

var _ console.Counter = (*counter)(nil)

// newCounter returns the counter of the console that runs on h.
func newCounter(h *host.Host) console.Counter {
	return &counter{base: h.Config.URLs["order"], client: http.Client{
		Transport: h.Telemetry.Transport(naming{http.DefaultTransport}), Timeout: placingTime,
	}}
}

// Menu implements [console.Counter]. The request is in no trace.
func (c *counter) Menu(ctx context.Context) (json.RawMessage, error) {
	status, answer, err := c.send(orderclient.Unrecorded(ctx), http.MethodGet, "/menu", nil, nil)
	if err == nil && status != http.StatusOK {
		err = awayProblem("answers %d to GET /menu", status)
	}
	return answer, err
}

// passed are the headers that go to the order service.
var passed = []string{failure.Header, "Idempotency-Key"}

// Place implements [console.Counter]. The order belongs to the trace of ctx, whose span gets the conversation of the order. The
// baggage of ctx does not go to the order service: it might carry failures that were not asked for.
func (c *counter) Place(ctx context.Context, body json.RawMessage, headers http.Header) (int, json.RawMessage, error) {
	wanted := http.Header{}
	for _, name := range passed {
		if values := headers.Values(name); len(values) > 0 {
			wanted[http.CanonicalHeaderKey(name)] = values
		}
	}
	status, answer, err := c.send(baggage.ContextWithoutBaggage(ctx), http.MethodPost, "/order", wanted, body)
	if err == nil {
		_ = telemetry.WithConversation(ctx, orderIn(answer)) // for the span of ctx
	}
	return status, answer, err
}

// send returns the status and the body of the answer, which is JSON.
func (c *counter) send(ctx context.Context, method, path string, header http.Header, body []byte) (int, json.RawMessage, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, awayProblem("cannot be asked: %v", telemetry.WithoutURL(err))
	}
	if header != nil {
		request.Header = header
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, nil, awayProblem("does not answer (start it with: make up, or: traceria all): %v", telemetry.WithoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body) // naming has limited it
	if err != nil || !json.Valid(text) {
		return 0, nil, awayProblem("answers %d with something that is no JSON", response.StatusCode)
	}
	return response.StatusCode, text, nil
}

// awayProblem is the answer while the order service is away.
func awayProblem(format string, args ...any) *host.Problem {
	return &host.Problem{
		Status: http.StatusServiceUnavailable, Title: "Order service not available", Detail: "the order service " + fmt.Sprintf(format, args...),
	}
}

// naming is a transport below that of the client span. It reads the answer, sets its order as the conversation of that span, and
// marks the span with a failure that the order service has injected into the answer.
type naming struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (n naming) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := n.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	host.Suffer(request.Context(), response)
	text, err := io.ReadAll(io.LimitReader(response.Body, longestOrderAnswer))
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	_ = telemetry.WithConversation(request.Context(), orderIn(text)) // for the client span
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response, nil
}

// orderIn returns the id of the order in an answer, or "".
func orderIn(answer []byte) string {
	var order struct {
		OrderID string `json:"orderId"`
	}
	if json.Unmarshal(answer, &order) != nil {
		return ""
	}
	return order.OrderID
}
