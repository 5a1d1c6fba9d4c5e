package host_test

import (
	"net/http"
	"strings"
	"testing"

	"traceria/services/host"
)

// A browser sends a form to 127.0.0.1 from a page of another origin without a preflight request.
func TestCrossOriginCommandIsRefused(t *testing.T) {
	t.Parallel()
	done := 0
	service := run(t, func(r *host.Routes) {
		r.Command("POST /order", func(w http.ResponseWriter, _ *http.Request) error {
			done++
			return host.WriteJSON(w, http.StatusOK, done)
		})
		r.Query("GET /order", func(w http.ResponseWriter, _ *http.Request) error {
			return host.WriteJSON(w, http.StatusOK, done)
		})
	})
	for _, step := range []struct {
		method, origin string
		want           int
	}{{"POST", "https://evil.example", 403}, {"POST", "null", 403}, {"GET", "https://evil.example", 200}, {"POST", service.base, 200}} {
		req, err := http.NewRequestWithContext(t.Context(), step.method, service.base+"/order", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", step.origin)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != step.want {
			t.Errorf("%s from %s: %d, want %d", step.method, step.origin, resp.StatusCode, step.want)
		}
	}
	if done != 1 {
		t.Errorf("the command ran %d times, want once", done)
	}
}
