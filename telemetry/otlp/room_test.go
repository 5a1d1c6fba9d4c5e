package otlp

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// Requests that take much memory when they are decoded wait for each other. Small ones go on meanwhile.
func TestLargeRequestsWaitForEachOther(t *testing.T) {
	t.Parallel()
	span := `{"traceId":"` + aTrace + `","spanId":"` + aSpan + `"}`
	large := []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Repeat(span+",", 200_000) + span + `]}]}]}`)
	hold, taken := make(chan struct{}), make(chan int, 10)
	h := TracesHandler(func(spans []tracetree.Span) (Refused, error) {
		taken <- len(spans)
		if len(spans) > 1 {
			select {
			case <-hold:
			case <-time.After(5 * time.Second): // the test fails then, and does not hang
			}
		}
		return Refused{}, nil
	}, HandlerOptions{})
	var first sync.WaitGroup
	first.Go(func() {
		if answer := post(h, large, "Content-Type", typeJSON); answer.Code != http.StatusOK {
			t.Errorf("the first large request answers %d %s", answer.Code, answer.Body)
		}
	})
	<-taken
	if answer := post(h, large, "Content-Type", typeJSON); answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
		t.Errorf("the second large request answers %d %.200s", answer.Code, answer.Body)
	}
	small := []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + span + `]}]}]}`)
	if answer := post(h, small, "Content-Type", typeJSON); answer.Code != http.StatusOK {
		t.Errorf("a small request answers %d %s", answer.Code, answer.Body)
	}
	close(hold)
	first.Wait()
	if answer := post(h, large, "Content-Type", typeJSON); answer.Code != http.StatusOK {
		t.Errorf("a large request after the first answers %d %s", answer.Code, answer.Body)
	}
}

// Senders of a byte now and then hold up no other sender.
func TestSlowSendersTakeNoSlot(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(TracesHandler(func([]tracetree.Span) (Refused, error) { return Refused{}, nil }, HandlerOptions{ReadTimeout: 5 * time.Second}))
	defer server.Close()
	var senders sync.WaitGroup
	defer senders.Wait()
	for range 2 * (HandlerOptions{}).withDefaults().Concurrent {
		body, drip := io.Pipe()
		defer func() { _ = drip.Close() }()
		senders.Go(func() {
			if answer, err := http.Post(server.URL, typeJSON, body); err == nil {
				_ = answer.Body.Close()
			}
		})
		if _, err := drip.Write([]byte("{")); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(200 * time.Millisecond) // the bytes have arrived
	answer, err := http.Post(server.URL, typeJSON, bytes.NewReader([]byte(`{}`)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("beside slow senders a request answers %d", answer.StatusCode)
	}
}
