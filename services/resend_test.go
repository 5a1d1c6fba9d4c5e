package main

import (
	"regexp"
	"testing"
	"time"
)

// An operator asks by hand: the event goes again in the trace of its order, marked, and who had it already says so.
func TestAnEventIsSentAgainByHand(t *testing.T) {
	s := up(t)
	order := s.deliver(t)
	out, err := s.traceria("topology", "resend", "--queue", "kitchen.order-confirmed")
	if err != nil || !regexp.MustCompile(`^order publishes [1-9][0-9]* events again\n$`).MatchString(out) {
		t.Errorf("it says %q, %v", out, err)
	}
	eventually(t, time.Minute, "Jaeger has the second send, and its duplicate", func() bool {
		spans, err := s.jaeger.Trace(t.Context(), order.TraceID)
		var resent, duplicate bool
		for _, span := range spans {
			resent = resent || span.Name == "send events:order.order-confirmed.v2" && span.Attributes["traceria.outbox.resent"] == true
			duplicate = duplicate || span.Service == "kitchen" && span.Attributes["traceria.message.duplicate"] == true
		}
		return err == nil && resent && duplicate
	})
	eventually(t, time.Minute, "everything is quiet", func() bool { return s.remark(t, "order") == "" })
	if _, err := s.traceria("topology", "resend", "--queue", "kitchen.oven"); exitCode(err) != 2 {
		t.Errorf("of a queue that is not there: %v", err)
	}
	if out, err := s.traceriaWith([]string{"STAFF_URL=http://127.0.0.1:1"}, "topology", "resend"); exitCode(err) != 1 ||
		!regexp.MustCompile(`(?m)^kitchen publishes [1-9][0-9]* events again$`).MatchString(out) {
		t.Errorf("without staff it says %q, %v", out, err)
	}
}
