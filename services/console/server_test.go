package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestFlagdServerIsAConflict(t *testing.T) {
	t.Setenv("FLAGD_RESOLVER", "rpc")
	t.Setenv("FLAGD_PORT", "1")
	c := run(t, false)
	for _, request := range []string{"GET /api/failures", "PUT /api/failures/kitchen.slow", "DELETE /api/failures/kitchen.slow", "DELETE /api/failures"} {
		method, path, _ := strings.Cut(request, " ")
		if status, body := c.call(t, method, path, ""); status != http.StatusConflict || !strings.Contains(body, "flagd server") {
			t.Errorf("%s: %d %s", request, status, body)
		}
	}
}
