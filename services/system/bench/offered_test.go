package bench

import (
	"testing"
	"time"
)

// measureOffered offers rates up to far more than the system can deliver. It takes what it takes, refuses the rest, and delivers
// all that it has taken, within a bounded time.
func measureOffered(t *testing.T, b *bench) {
	s := b.shared(t)
	for _, rate := range b.size.rates {
		trial := s.measure(t, ask{rate: rate, over: b.size.offered, traces: b.size.tracesOfAll})
		b.report.Offered = append(b.report.Offered, trial)
		l := trial.Load
		t.Logf("%.0f orders/s offered for %s: %d placed, %d refused, %d unsent, %d delivered at %.1f orders/s within %.0f s, %d not delivered, %d of %d traces complete, p50 %s, p99 %s",
			rate, time.Duration(l.Duration), l.Placed, refused(l), l.Unsent, l.Delivered, trial.Delivered, trial.Took, l.NotEnded(),
			l.Traces.Complete, l.Traces.Checked, milliseconds(time.Duration(l.Delivery.P50)), milliseconds(time.Duration(l.Delivery.P99)))
	}
}
