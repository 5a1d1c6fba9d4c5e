package broker_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/broker/brokertest"
	"traceria/services/event"
)

// places is a gate with a fixed number of places.
type places chan struct{}

func (p places) Acquire(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (p places) Release() { <-p }

func TestAGateSaysHowManyEventsAreHandledAtOnce(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var working, most atomic.Int64
	together, done := make(chan struct{}), make(chan struct{}, 16)
	s := brokertest.Boxed(func(ctx context.Context, _ event.Envelope) error {
		n := working.Add(1)
		defer working.Add(-1)
		most.Store(max(most.Load(), n))
		select { // the first waits for the second; later ones find the channel closed
		case together <- struct{}{}:
		case <-together:
		case <-ctx.Done():
		}
		done <- struct{}{}
		return nil
	})
	s.Gate = make(places, 2)
	p := b.Publisher(t, b.Apply(t, s))
	b.Consumer(t, s)
	const events = 8
	for i := range events {
		brokertest.Send(t, p, brokertest.Outgoing(t, fmt.Sprint("o-", i)))
	}
	for range events {
		brokertest.Receive(t, done)
	}
	if got := most.Load(); got != 2 {
		t.Errorf("%d at once, want 2", got)
	}
}

// An event waits until the gate has a place. The process span starts then, and its queue wait lasts until then.
func TestTheQueueWaitLastsUntilTheGateOpens(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(func(context.Context, event.Envelope) error { return nil })
	gate := make(places, 1)
	s.Gate = gate
	if err := gate.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := b.Publisher(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	const closed = 300 * time.Millisecond
	sent := spanNamed(t, b, "send events:kitchen.order-boxed.v1")
	brokertest.Eventually(t, "the gate was closed for a while", func() bool { return time.Since(sent.Start) > closed })
	opened := time.Now()
	gate.Release()
	span := b.Settled(t, "ack")
	if wait, _ := span.Attributes["traceria.queue.wait_ms"].(int64); wait < closed.Milliseconds() {
		t.Errorf("it waited %d ms, want at least %d", wait, closed.Milliseconds())
	}
	if span.Start.Before(opened) {
		t.Errorf("the span started %s before the gate opened", opened.Sub(span.Start))
	}
}
