package inject

import (
	"context"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/wait"
)

// stall blocks the relay while outbox.stall is on. Jaeger shows POST /order, a gap as long as the stall, and the first
// send.
func (r relay) stall(ctx context.Context, batch []event.Outgoing) error {
	held := false
	for {
		_, on := failure.On(ctx, failure.OutboxStall)
		r.stalled.is(on)
		if !on {
			break
		}
		held = true
		if err := wait.For(ctx, look); err != nil {
			return err
		}
	}
	for n := range batch {
		if held || r.stalled.during(batch[n].Envelope.Metadata.EventDate.Time) {
			inject(&batch[n], failure.OutboxStall)
		}
	}
	return nil
}
