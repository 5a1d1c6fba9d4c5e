package tracetree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrNotFound is returned if Jaeger answers and lacks the trace or conversation. Spans take a moment to arrive: after a new
// order, ask again.
var ErrNotFound = errors.New("not found in Jaeger")

const (
	// A trace of 50,000 spans is about 50 MB of JSON. A person does not read a longer one.
	maxResponse = 64 << 20
	// The most bytes of an error's body that are read and repeated.
	maxErrorBody = 4 << 10
	// The time limit of the default client, for a Jaeger that accepts connections and does not answer.
	defaultTimeout = 30 * time.Second
)

// Jaeger reads traces from the query API of Jaeger v2 (port 16686). It is safe for concurrent use.
type Jaeger struct {
	base    *url.URL
	at      string // base without user and password, for messages
	baseErr error
	client  *http.Client
	longest int64 // the most bytes of an answer
}

// NewJaeger returns a reader for the Jaeger at baseURL, for example http://127.0.0.1:16686, followed by Jaeger's base path
// if it has one. A nil client means a client with a time limit of 30 s. Each call reports a malformed address.
func NewJaeger(baseURL string, client *http.Client) *Jaeger {
	if client == nil {
		client = &http.Client{Timeout: defaultTimeout}
	}
	j := &Jaeger{client: client, longest: maxResponse}
	var err error
	j.base, err = url.Parse(baseURL)
	if err != nil || j.base.Host == "" || (j.base.Scheme != "http" && j.base.Scheme != "https") {
		j.baseErr = errors.New("want http://host:port or https://host:port") // without the address, which may hold a password
		return j
	}
	shown := *j.base
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	j.at = shown.String()
	return j
}

// Trace returns the spans of one trace as they were reported, without Jaeger's adjustments. It returns [ErrNotFound] if
// Jaeger has no span of the trace. traceID has at most 32 hexadecimal digits.
func (j *Jaeger) Trace(ctx context.Context, traceID string) ([]Span, error) {
	id := strings.ToLower(traceID)
	if len(id) > 32 || !isHex(id) {
		return nil, fmt.Errorf("%q is not a trace id: at most 32 hexadecimal digits are expected", traceID)
	}
	body, err := j.get(ctx, "/api/v3/traces/"+id, url.Values{"raw_traces": {"true"}})
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", id, err)
	}
	spans, err := decodeOTLP(body)
	if err != nil {
		return nil, fmt.Errorf("trace %s: the answer of Jaeger at %s is not a trace: %w", id, j.at, err)
	}
	if len(spans) == 0 {
		return nil, fmt.Errorf("trace %s: %w", id, ErrNotFound)
	}
	return spans, nil
}

// Services returns the names of the services that have sent spans.
func (j *Jaeger) Services(ctx context.Context) ([]string, error) {
	body, err := j.get(ctx, "/api/v3/services", nil)
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	var answer struct {
		Services []string `json:"services"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("services: the answer of Jaeger at %s is not a list of services: %w", j.at, err)
	}
	return answer.Services, nil
}

// get returns the body of an answer with status 200.
func (j *Jaeger) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	if j.baseErr != nil {
		return nil, fmt.Errorf("address of Jaeger: %w", j.baseErr)
	}
	target := j.base.JoinPath(path)
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("address of Jaeger: %w", err)
	}
	response, err := j.client.Do(request)
	if err != nil {
		return nil, j.noAnswer(err)
	}
	defer response.Body.Close() //nolint:errcheck // the body has been read
	if response.StatusCode != http.StatusOK {
		return nil, j.refusal(path, response)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, j.longest+1))
	if err != nil {
		return nil, j.noAnswer(err)
	}
	if int64(len(body)) > j.longest {
		return nil, fmt.Errorf("the answer of Jaeger at %s is longer than %d bytes", j.at, j.longest)
	}
	return body, nil
}

func (j *Jaeger) noAnswer(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // without the method and the address, which the new error repeats
	}
	return fmt.Errorf("Jaeger at %s does not answer: %w", j.at, err)
}

// refusal converts an answer with another status to an error. Both versions of Jaeger's API describe an error in JSON. A
// 404 without JSON comes from another server.
func (j *Jaeger) refusal(path string, response *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	message, ours := refusalMessage(body)
	if response.StatusCode == http.StatusNotFound && ours {
		return ErrNotFound
	}
	if message == "" {
		message = "without saying why"
	}
	return &refusedError{at: j.at, path: path, status: response.StatusCode, message: message}
}

// refusedError is an answer with an error status.
type refusedError struct {
	at, path, message string
	status            int
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("Jaeger at %s refuses %s: %d %s: %s", e.at, e.path, e.status, http.StatusText(e.status), e.message)
}

func refusalMessage(body []byte) (message string, ours bool) {
	var answer struct {
		Error  struct{ Message string }
		Errors []struct{ Msg string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return printable(strings.TrimSpace(string(body))), false
	}
	message = answer.Error.Message
	for _, e := range answer.Errors {
		message += e.Msg
	}
	return printable(message), message != ""
}
