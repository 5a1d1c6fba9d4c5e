package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"traceria/services/broker/wire"
	"traceria/services/wait"
	"traceria/telemetry/otelamqp"
)

const (
	// prefetch is how many messages RabbitMQ hands over before it waits for acks: enough to keep all workers
	// of a subscription busy.
	prefetch = 2 * DefaultWorkers
	// drainTimeout is how long work in hand may take after the service was told to stop.
	drainTimeout = 5 * time.Second
	// giveBackPause is how long a message is held that could neither be handled nor moved, before it is given back.
	giveBackPause = time.Second
)

// Consumer takes events from the queues of one service's subscriptions, over a connection of its own.
type Consumer struct {
	session       session
	subscriptions []Subscription
	publisher     *Publisher
	otel          *otelamqp.Consumer
	consuming     atomic.Int32
	// incomplete is what is missing of the subscriptions' topology, for Ready.
	incomplete atomic.Pointer[error]
}

// NewConsumer prepares a consumer of all the subscriptions. What has to be retried or is dead goes through the publisher.
func NewConsumer(config Config, subscriptions []Subscription, publisher *Publisher) (*Consumer, error) {
	instrumented, err := otelamqp.NewConsumer(instrumentation(config)...)
	if err != nil {
		return nil, fmt.Errorf("instrument the consumer: %w", err)
	}
	return &Consumer{
		session:       newSession(config, "consume"),
		subscriptions: subscriptions,
		publisher:     publisher,
		otel:          instrumented,
	}, nil
}

// Run consumes until ctx ends, and returns when the work in hand is done and acked, or after 5 s.
func (c *Consumer) Run(ctx context.Context) {
	if len(c.subscriptions) > 0 {
		c.session.run(ctx, c.work)
	}
}

// Ready is nil when every subscription is being consumed and has its queues and exchanges.
func (c *Consumer) Ready() error {
	if missing := c.incomplete.Load(); missing != nil {
		return *missing
	}
	if n := int(c.consuming.Load()); n < len(c.subscriptions) {
		return fmt.Errorf("%d of %d subscriptions are being consumed", n, len(c.subscriptions))
	}
	return nil
}

func (c *Consumer) work(ctx context.Context, conn *amqp091.Connection) error {
	if err := c.session.awaitStanding(ctx, c.saysMissing, func() ([]string, error) { return c.missing(conn) }); err != nil {
		return err
	}
	c.session.seen.found(ctx, c.session.purpose)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.watchTopology(ctx, conn) })
	for _, s := range c.subscriptions {
		group.Go(func() error { return c.keep(ctx, conn, s) })
	}
	return group.Wait()
}

// watchTopologyEvery is how often the consumer looks for deleted queues and exchanges.
const watchTopologyEvery = 5 * time.Second

// watchTopology reports what was deleted while the connection lasts. Package keeper restores it: the consumer declares
// nothing.
func (c *Consumer) watchTopology(ctx context.Context, conn *amqp091.Connection) error {
	for {
		_ = wait.For(ctx, watchTopologyEvery)
		missing, err := c.missing(conn)
		if conn.IsClosed() || ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = missingError(missing)
		}
		c.saysMissing(err)
	}
}

// missing names the exchanges and queues of its own that the broker does not have, as far as a subscriber may know.
func (c *Consumer) missing(conn *amqp091.Connection) ([]string, error) {
	looker := looker{conn: conn, forgiving: true}
	return looker.missingOf(TopologyOf(c.subscriptions).Owned())
}

// saysMissing keeps what is missing, for Ready, and logs it once.
func (c *Consumer) saysMissing(err error) {
	if err == nil {
		c.incomplete.Store(nil)
		return
	}
	if c.incomplete.Swap(&err) == nil {
		c.session.log.Warn().Err(err).Msg("the subscriptions lack something on the broker")
	}
}

// keep consumes one queue while the connection lasts. When RabbitMQ cancels the consumer or closes its channel, because the
// queue was deleted or an ack was late, it consumes again as soon as the queue is there.
func (c *Consumer) keep(ctx context.Context, conn *amqp091.Connection, s Subscription) error {
	var pauses wire.Pauses
	for {
		c.session.config.Seams.awaitOpen(ctx, s.Queue())
		began := time.Now()
		err := c.consume(ctx, conn, s)
		if ctx.Err() != nil || conn.IsClosed() {
			return err
		}
		if errors.Is(err, errClosed) {
			continue
		}
		c.session.seen.lost(s.Queue(), err)
		pauses.After(began)
		_ = wait.For(ctx, pauses.Next())
	}
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
	deliveries, err := ch.Consume(s.Queue(), s.Queue(), false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consume %s: %w", s.Queue(), err)
	}
	ctx, open := c.session.config.Seams.untilClosed(ctx, s.Queue())
	defer open()
	c.session.seen.found(ctx, s.Queue())
	c.consuming.Add(1)
	defer c.consuming.Add(-1)

	// Work in hand may go on for a while after the end; what has not begun may not.
	beginning, end := context.WithCancel(ctx)
	defer end()
	working, stop := wait.Longer(beginning, drainTimeout)
	defer stop()
	var workers sync.WaitGroup
	defer func() {
		end()
		workers.Wait()
		if errors.Is(context.Cause(ctx), errClosed) {
			_ = ch.Close() // the connection stays, and what was prefetched must not stay with it
		}
	}()
	w := worker{Consumer: c, subscription: s, pauser: newPauser()}
	gate := s.Gate
	if gate == nil {
		gate = make(fixedGate, DefaultWorkers)
	}
	for {
		var d amqp091.Delivery
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case next, open := <-deliveries:
			if !open {
				_ = ch.Close() // a cancelled consumer leaves it open; when it is closed this does nothing
				return errors.New("RabbitMQ ended the consumer of " + s.Queue())
			}
			d = next
		}
		if err := gate.Acquire(ctx); err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		workers.Go(func() {
			defer gate.Release()
			w.handle(beginning, working, d)
		})
	}
}
