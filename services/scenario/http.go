package scenario

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"go.opentelemetry.io/otel/propagation"

	"traceria/services/order/orderclient"
	"traceria/telemetry"
)

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 1 << 20

// answer is that of a service.
type answer struct {
	status int
	header http.Header
	text   []byte
}

// send sends a request with a JSON body, which may be nil, in the trace context of ctx. The error has no address, which may hold a
// password.
func send(ctx context.Context, method, address string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, telemetry.WithoutURL(err)
	}
	request.Header.Set("Content-Type", "application/json")
	telemetry.W3C.Inject(ctx, propagation.HeaderCarrier(request.Header))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("no answer: %w", telemetry.WithoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return answer{response.StatusCode, response.Header, text}, err
}

// get returns the body of an answer with status 200. The request is in no trace: questions would bury the trace of the order.
func get(ctx context.Context, address string) ([]byte, error) {
	got, err := send(orderclient.Unrecorded(ctx), http.MethodGet, address, nil)
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("answers %d", got.status)
	}
	return got.text, err
}
