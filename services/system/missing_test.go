package system

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
)

// The service's user may not declare queues. /readyz names the deleted queue until topology apply restores it.
func TestReadyzNamesAMissingQueue(t *testing.T) {
	s := systemtest.Up(t)
	const gone = "loyalty.order-cancelled.dead"
	if _, err := s.Channel(t).QueueDelete(gone, false, false, false); err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, 30*time.Second, "/readyz of loyalty names the queue", func() bool {
		code, body, err := pizzeria.Get(t.Context(), "http://"+s.Addresses["loyalty"]+"/readyz")
		return err == nil && code == http.StatusServiceUnavailable && strings.Contains(string(body), gone)
	})
	if out, err := s.Traceria("topology", "apply"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	systemtest.AwaitReady(t, "loyalty", s.Addresses["loyalty"])
}
