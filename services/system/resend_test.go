package system

import (
	"regexp"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// The operator resends events. Each goes out in its order's trace with a mark, and consumers treat it as a duplicate.
func TestOperatorResendsAnEvent(t *testing.T) {
	s := systemtest.Up(t)
	order := s.Deliver(t)
	out, err := s.Traceria("topology", "resend", "--queue", "kitchen.order-confirmed")
	if err != nil || !regexp.MustCompile(`^order publishes [1-9][0-9]* events again\n$`).MatchString(out) {
		t.Errorf("got %q, %v", out, err)
	}
	systemtest.Eventually(t, time.Minute, "Jaeger has the second send and its duplicate", func() bool {
		spans, err := s.Jaeger.Trace(t.Context(), order.TraceID)
		var resent, duplicate bool
		for _, span := range spans {
			resent = resent || span.Name == "send events:order.order-confirmed.v2" && span.Attributes["traceria.outbox.resent"] == true
			duplicate = duplicate || span.Service == "kitchen" && span.Attributes["traceria.message.duplicate"] == true
		}
		return err == nil && resent && duplicate
	})
	systemtest.Eventually(t, time.Minute, "the outbox is empty", func() bool { return partRemark(t, s, "order") == "" })
	if _, err := s.Traceria("topology", "resend", "--queue", "kitchen.oven"); systemtest.ExitCode(err) != 2 {
		t.Errorf("unknown queue: %v", err)
	}
	if out, err := s.TraceriaWith([]string{"STAFF_URL=http://127.0.0.1:1"}, "topology", "resend"); systemtest.ExitCode(err) != 1 ||
		!regexp.MustCompile(`(?m)^kitchen publishes [1-9][0-9]* events again$`).MatchString(out) {
		t.Errorf("without staff: got %q, %v", out, err)
	}
}
