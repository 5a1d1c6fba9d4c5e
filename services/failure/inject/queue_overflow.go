package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/topology"
	"traceria/services/wait"
)

// Overflowing is the queue that queue.overflow overflows.
const Overflowing = "kitchen.order-confirmed"

const (
	// carryEvery is the pause between two messages that leave the short queue.
	carryEvery = time.Second
	// carryRest is the delay between clearing the failure and emptying the short queue. By then the bindings are back.
	carryRest = 3 * time.Second
)

// Overflow returns the active variant of queue.overflow for the subscription, or "". A queue of length 1 with a slow
// consumer then stands before the subscription's queue. Jaeger shows sends without process spans at the kitchen
// (drop-head), or sends with error.type=nack until a later one is confirmed (reject-publish).
func Overflow(ctx context.Context, s topology.Subscription) string {
	if s.Queue() != Overflowing {
		return ""
	}
	variant, on := failure.On(ctx, failure.QueueOverflow)
	if !on {
		return ""
	}
	return variant
}

// CarryOverflow runs the slow consumer until ctx ends. It also removes what an earlier run left. The user in url must
// be allowed to declare the topology. say receives errors.
func CarryOverflow(ctx context.Context, url string, s topology.Subscription, say func(error)) {
	rest := []string{topology.OverflowDropHead, topology.OverflowRejectPublish}
	var off time.Time
	for ctx.Err() == nil {
		if variant := Overflow(ctx, s); variant != "" {
			s.Overflow, off = variant, time.Now()
			rest = []string{topology.OverflowDropHead, topology.OverflowRejectPublish}
			carryWhileOn(ctx, url, s, say)
			continue
		}
		if len(rest) > 0 && time.Since(off) > carryRest {
			s.Overflow = rest[0]
			if err := broker.CarryLast(ctx, url, s); err != nil {
				say(err)
			} else {
				rest = rest[1:]
			}
		}
		_ = wait.For(ctx, look)
	}
}

func carryWhileOn(ctx context.Context, url string, s topology.Subscription, say func(error)) {
	working, end := context.WithCancel(ctx)
	defer end()
	go func() {
		for Overflow(working, s) == s.Overflow && wait.For(working, look) == nil {
		}
		end()
	}()
	for working.Err() == nil {
		if err := broker.Carry(working, url, s, carryEvery); err != nil && working.Err() == nil {
			say(err) // the queue does not exist yet, or the broker is unavailable
			_ = wait.For(working, time.Second)
		}
	}
}

// queueOverflow marks the send of v2, the form that the kitchen takes by default.
func queueOverflow(_ *Injector, _ context.Context, d *departure) {
	if d.Type == event.OrderConfirmedV2 {
		d.mark(failure.QueueOverflow, nil)
	}
}
