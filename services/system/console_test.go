package system

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
)

// A setting of the console acts in another process within a second, without a restart. Jaeger shows the console's
// spans.
func TestConsoleSettingActsInAnotherProcess(t *testing.T) {
	s := systemtest.Up(t)
	s.Call(t, http.MethodPut, "console", "/api/failures/order-api.down", nil)
	place := func() error {
		_, err := s.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita("console"))
		return err
	}
	putBack := func() {
		s.Call(t, http.MethodDelete, "console", "/api/failures/order-api.down", nil)
		systemtest.Eventually(t, 10*time.Second, "the order service accepts orders again", func() bool { return place() == nil })
	}
	defer putBack() // also after a failed test: the tests after this one place orders
	// It acts within a second where the machine is idle. A busy one takes longer.
	systemtest.Eventually(t, 10*time.Second, "the order service refuses", func() bool { return place() != nil })
	var all []failure.Status
	s.Get(t, "console", "/api/failures", &all)
	if on := slices.IndexFunc(all, func(f failure.Status) bool { return f.Active != nil }); on < 0 || all[on].Key != failure.OrderAPIDown {
		t.Errorf("the list lacks the setting: %+v", all)
	}
	putBack()
	systemtest.Eventually(t, 30*time.Second, "Jaeger has the console's spans", func() bool { return len(stored(t, s, "console")) > 1000 })
}
