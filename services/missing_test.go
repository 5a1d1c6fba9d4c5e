package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A service whose user may not declare says what was deleted, until somebody declares it who may.
func TestAServiceThatMayNotDeclareSaysWhatIsMissing(t *testing.T) {
	s := up(t)
	const gone = "loyalty.order-cancelled.dead"
	if _, err := s.channel(t).QueueDelete(gone, false, false, false); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "loyalty is not ready and says why", func() bool {
		code, body, err := get(t.Context(), "http://"+s.addresses["loyalty"]+"/readyz")
		return err == nil && code == http.StatusServiceUnavailable && strings.Contains(string(body), gone)
	})
	if out, err := s.traceria("topology", "apply"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	awaitReady(t, "loyalty", s.addresses["loyalty"])
}
