package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/topology"
)

// Overflowing is the queue that queue.overflow makes too short.
const Overflowing = "kitchen.order-confirmed"

const (
	// carryEvery is how slowly the messages of the short queue are carried on.
	carryEvery = time.Second
	// carryRest is how long after it was switched off the short queue is emptied and deleted: the other is bound then.
	carryRest = 3 * time.Second
)

// Overflow is the variant of queue.overflow that is on for the subscription, or "".
//
// A queue of length 1 stands in front of kitchen.order-confirmed while it is on, and a slow consumer behind it. With
// drop-head RabbitMQ drops the oldest messages without a word: Jaeger shows sends without an error whose process spans
// are missing at the kitchen. With reject-publish it refuses the new ones: sends with an error of type nack, and others
// when the outbox tries again.
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

// CarryOverflow is the slow consumer, until ctx ends: it needs the rights of who declares the topology. It removes what an
// earlier run has left.
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
		_ = pause(ctx, look)
	}
}

func carryWhileOn(ctx context.Context, url string, s topology.Subscription, say func(error)) {
	working, end := context.WithCancel(ctx)
	defer end()
	go func() {
		for Overflow(working, s) == s.Overflow && pause(working, look) == nil {
		}
		end()
	}()
	for working.Err() == nil {
		if err := broker.Carry(working, url, s, carryEvery); err != nil && working.Err() == nil {
			say(err) // the queue is declared a moment later, or the broker is away
			_ = pause(working, time.Second)
		}
	}
}

// queueOverflow marks the send of the form that the kitchen takes, unless it is configured for another.
func queueOverflow(_ *Injector, _ context.Context, d *departure) {
	if d.Type == event.OrderConfirmedV2 {
		d.mark(failure.QueueOverflow, nil)
	}
}
