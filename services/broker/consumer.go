package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"traceria/telemetry/otelamqp"
)

const (
	// prefetch is how many messages RabbitMQ hands over before it waits for acks: enough to keep all workers
	// of a subscription busy.
	prefetch = 2 * DefaultWorkers
	// drainTimeout is how long work in hand may take after the service was told to stop.
	drainTimeout = 5 * time.Second
	// retryPause is how long a failed message is held before it is given back.
	retryPause = time.Second
)

// Consumer takes events from the queues of one service's subscriptions, over a connection of its own.
type Consumer struct {
	session       session
	subscriptions []Subscription
	otel          *otelamqp.Consumer
	consuming     atomic.Int32
}

// NewConsumer prepares a consumer of all the subscriptions.
func NewConsumer(config Config, subscriptions []Subscription) (*Consumer, error) {
	instrumented, err := otelamqp.NewConsumer(instrumentation(config)...)
	if err != nil {
		return nil, fmt.Errorf("instrument the consumer: %w", err)
	}
	return &Consumer{
		session:       session{config: config, purpose: "consume", log: config.Telemetry.Log},
		subscriptions: subscriptions,
		otel:          instrumented,
	}, nil
}

// Run consumes until ctx ends, and returns when the work in hand is done and acked, or after 5 s.
func (c *Consumer) Run(ctx context.Context) {
	if len(c.subscriptions) > 0 {
		c.session.run(ctx, c.work)
	}
}

// Ready is nil when every subscription is being consumed.
func (c *Consumer) Ready() error {
	if n := int(c.consuming.Load()); n < len(c.subscriptions) {
		return fmt.Errorf("%d of %d subscriptions are being consumed", n, len(c.subscriptions))
	}
	return nil
}

func (c *Consumer) work(ctx context.Context, conn *amqp091.Connection) error {
	if err := (Topology{Subscriptions: c.subscriptions}).Apply(conn); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range c.subscriptions {
		group.Go(func() error { return c.consume(ctx, conn, s) })
	}
	return group.Wait()
}

// consume works on one queue until ctx ends or the queue's channel closes.
func (c *Consumer) consume(ctx context.Context, conn *amqp091.Connection, s Subscription) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	// The channel is not closed here: that waits for an answer, for as long as a stuck broker likes. It ends with its
	// connection, which gives back what was prefetched and not begun.
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return fmt.Errorf("set the prefetch of %s: %w", s.Queue(), err)
	}
	tag := s.Queue()
	deliveries, err := ch.Consume(s.Queue(), tag, false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consume %s: %w", s.Queue(), err)
	}
	c.consuming.Add(1)
	defer c.consuming.Add(-1)

	working, stop := drainContext(ctx)
	defer stop()
	var workers sync.WaitGroup
	defer workers.Wait()
	gate := s.Gate
	if gate == nil {
		gate = make(fixedGate, DefaultWorkers)
	}
	for {
		var d amqp091.Delivery
		select {
		case <-ctx.Done():
			return ctx.Err()
		case next, open := <-deliveries:
			if !open {
				return errors.New("RabbitMQ ended the consumer of " + s.Queue())
			}
			d = next
		}
		if err := gate.Acquire(ctx); err != nil {
			return err
		}
		workers.Go(func() {
			defer gate.Release()
			c.handle(working, s, d)
		})
	}
}

// drainContext outlives ctx by the drain timeout, so that work in hand can be finished.
func drainContext(ctx context.Context) (context.Context, func()) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		wait(working, drainTimeout)
		cancel()
	})
	return working, func() { stop(); cancel() }
}
