package broker

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/wait"
)

// worker handles the deliveries of one channel of a subscription.
type worker struct {
	*Consumer
	subscription Subscription
	channel      *amqp091.Channel
	pauser       *pauser
	meters       *meters
	crew         crew
	acks         *acks
}

// run handles deliveries until ctx ends, each when the gate has a place for it. It then waits for the handlers at work, at
// most drainTimeout and hangTimeout: whatever a handler does, the subscription goes on.
func (w *worker) run(ctx context.Context, deliveries <-chan amqp091.Delivery) error {
	beginning, end := context.WithCancel(ctx)
	defer w.release(ctx)
	patience, stop := wait.Longer(beginning, drainTimeout+hangTimeout)
	defer stop()
	working, stopWork := wait.Longer(beginning, drainTimeout)
	defer stopWork()
	defer func() {
		end()
		w.crew.await(patience, func(h *hand) {
			w.working.remove(h)
			w.hung.add(context.WithoutCancel(ctx), h)
		})
	}()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case d, open := <-deliveries:
			if !open {
				<-ctx.Done() // which ends with the consumer
				return context.Cause(ctx)
			}
			w.acks.took(&d)
			if err := w.subscription.Gate.Acquire(ctx); err != nil {
				return cmp.Or(context.Cause(ctx), err)
			}
			w.begin(beginning, working, d)
		}
	}
}

// begin handles one delivery in a goroutine of its own. The place in the gate is free when the handler returns, however
// late that is.
func (w *worker) begin(beginning, working context.Context, d amqp091.Delivery) {
	h := &hand{queue: w.subscription.Queue(), conversation: d.CorrelationId, since: time.Now()}
	w.working.add(h)
	w.crew.work(h, func() {
		defer w.subscription.Gate.Release()
		defer w.working.remove(h)
		w.handle(beginning, working, d)
	}, func() { w.hung.returned(context.WithoutCancel(working), h) })
}

// release closes the channel when its connection stays: RabbitMQ then delivers again what the channel held. It is not closed
// with its connection: that would wait for an answer of a broker that may hang.
func (w *worker) release(ctx context.Context) {
	if cause := context.Cause(ctx); errors.Is(cause, errClosed) || errors.Is(cause, errEnded) {
		_ = w.channel.Close()
	}
}
