package systemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/order/orderclient"
)

// Client returns a client of the order service.
func (s *System) Client() *orderclient.Client {
	return orderclient.New("http://" + s.Addresses["order"])
}

// post sends a command without a body. It works in a clean-up, too.
func (s *System) post(t *testing.T, service, path string) {
	t.Helper()
	s.Call(t, http.MethodPost, service, path, nil)
}

// Get decodes the answer of a service to GET path into answer. It works in a clean-up, too.
func (s *System) Get(t *testing.T, service, path string, answer any) {
	t.Helper()
	s.Call(t, http.MethodGet, service, path, answer)
}

// Call sends a request to a service. It fails the test for a status of 400 or more. answer may be nil.
func (s *System) Call(t *testing.T, method, service, path string, answer any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.Addresses[service]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: %s", method, path, response.Status)
	}
	if answer != nil {
		if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

// CallCooks clocks n more cooks in, and out again when the test ends.
func (s *System) CallCooks(t *testing.T, n int) {
	t.Helper()
	clock := func(way string) {
		for i := range n {
			s.post(t, "staff", fmt.Sprintf("/staff/extra-%d/clock-%s", i, way))
		}
	}
	before := s.Cooks(t)
	clock("in")
	Eventually(t, 10*time.Second, "the cooks are on duty", func() bool { return s.Cooks(t) == before+n })
	t.Cleanup(func() {
		clock("out")
		Eventually(t, 10*time.Second, "the cooks are off duty", func() bool { return s.Cooks(t) == before })
	})
}

// Cooks returns the number of cooks on duty.
func (s *System) Cooks(t *testing.T) int {
	t.Helper()
	var answer struct{ Cooks int }
	s.Get(t, "kitchen", "/tickets", &answer)
	return answer.Cooks
}

// PostJSON posts a JSON body, asserts the status and decodes the answer.
func PostJSON(t *testing.T, url, body string, wantStatus int, answer any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != wantStatus {
		t.Fatalf("POST %s: got %s, want %d", url, response.Status, wantStatus)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}
