package system

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
)

// A service whose user may not declare says what was deleted, until somebody declares it who may.
func TestAServiceThatMayNotDeclareSaysWhatIsMissing(t *testing.T) {
	s := systemtest.Up(t)
	const gone = "loyalty.order-cancelled.dead"
	if _, err := s.Channel(t).QueueDelete(gone, false, false, false); err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, 30*time.Second, "loyalty is not ready and says why", func() bool {
		code, body, err := pizzeria.Get(t.Context(), "http://"+s.Addresses["loyalty"]+"/readyz")
		return err == nil && code == http.StatusServiceUnavailable && strings.Contains(string(body), gone)
	})
	if out, err := s.Traceria("topology", "apply"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	systemtest.AwaitReady(t, "loyalty", s.Addresses["loyalty"])
}
