package tracetree

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const someTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// answering starts a server that gives every request the same answer.
func answering(t *testing.T, status int, body string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status   int
		body     string
		want     string
		notFound bool
	}{
		"no such trace":   {404, `{"error":{"httpCode":404,"message":"No traces found"}}`, "trace " + someTrace + ": not found in Jaeger", true},
		"an empty trace":  {200, `{"result":{"resourceSpans":[]}}`, "not found in Jaeger", true},
		"nothing at all":  {200, ``, "not found in Jaeger", true},
		"another server":  {404, "404 page not found\n", "refuses /api/v3/traces/" + someTrace + ": 404 Not Found: 404 page not found", false},
		"a bad request":   {400, `{"error":{"httpCode":400,"message":"malformed"}}`, "400 Bad Request: malformed", false},
		"the old API":     {500, `{"data":null,"errors":[{"code":500,"msg":"storage is gone"}]}`, "500 Internal Server Error: storage is gone", false},
		"silence":         {503, ``, "503 Service Unavailable: without saying why", false},
		"a web page":      {200, "<!DOCTYPE html>", "is not a trace: invalid character '<'", false},
		"half an answer":  {200, `{"result":{"resourceSpans":[`, "is not a trace: unexpected EOF", false},
		"a broken stream": {200, `{"result":{}}` + "\n" + `{"error":{"message":"storage is gone"}}`, "is not a trace: storage is gone", false},
		"a strange id":    {200, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz","spanId":"1"}]}]}]}`, "an id is not hexadecimal", false},
		"a raw terminal":  {500, "\x1b[2J", `500 Internal Server Error: \x1b[2J`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewJaeger(answering(t, test.status, test.body).URL, nil).Trace(t.Context(), someTrace)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if errors.Is(err, ErrNotFound) != test.notFound {
				t.Errorf("ErrNotFound is %t in %v", !test.notFound, err)
			}
		})
	}
}

func TestAJaegerThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := answering(t, 200, "")
	server.Close()
	address := strings.Replace(server.URL, "http://", "http://user:secret@", 1)
	_, err := NewJaeger(address, nil).Trace(t.Context(), someTrace)
	if err == nil || !strings.Contains(err.Error(), "does not answer: dial tcp") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestAWrongAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "127.0.0.1:16686", "localhost", "ftp://jaeger", "http://", "http://[::1", "\x7f"} {
		if _, err := NewJaeger(address, nil).Services(t.Context()); err == nil || !strings.Contains(err.Error(), "address of Jaeger") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestTheContextEndsTheQuestion(t *testing.T) {
	t.Parallel()
	stuck := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer stuck.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := NewJaeger(stuck.URL, nil).Conversation(ctx, "c"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	j := NewJaeger(answering(t, 200, strings.Repeat(" ", 1001)).URL, nil)
	j.longest = 1000
	if _, err := j.Trace(t.Context(), someTrace); err == nil || !strings.Contains(err.Error(), "longer than 1000 bytes") {
		t.Errorf("got %v", err)
	}
	j.longest = 1001
	if _, err := j.Trace(t.Context(), someTrace); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoTraceIDIsNotAsked(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked for %s", r.URL)
	}))
	defer server.Close()
	for _, id := range []string{"", "../services", "ord-1", someTrace + "0", "0x1"} {
		if _, err := NewJaeger(server.URL, nil).Trace(t.Context(), id); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestABasePathIsKept(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"services":["` + r.URL.Path + `"]}`))
	}))
	defer server.Close()
	services, err := NewJaeger(server.URL+"/jaeger/", nil).Services(t.Context())
	if err != nil || services[0] != "/jaeger/api/v3/services" {
		t.Errorf("got %v, %v", services, err)
	}
}
