package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	if n := int(c.consuming.Load()); n < len(c.subscriptions) {
		return fmt.Errorf("%d of %d subscriptions are being consumed", n, len(c.subscriptions))
	}
	if missing := c.incomplete.Load(); missing != nil {
		return *missing
	}
	return nil
}

func (c *Consumer) work(ctx context.Context, conn *amqp091.Connection) error {
	if err := (Topology{Subscriptions: c.subscriptions}).Ensure(conn); err != nil {
		return err
	}
	c.session.seen.found(ctx, c.session.purpose)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.keepTopology(ctx, conn) })
	for _, s := range c.subscriptions {
		group.Go(func() error { return c.keep(ctx, conn, s) })
	}
	return group.Wait()
}

// keepTopologyEvery is how long what somebody deleted stays away when nobody but the service declares it.
const keepTopologyEvery = 5 * time.Second

// keepTopology declares again what was deleted while the connection lasts, also bindings. What was missing is left word
// of, for [Topology.Watch]; of a binding, if the management API says so. A user who may not declare only says what is
// missing. Versions that the subscriptions have left are not unbound here: another process of this service may want them
// still.
func (c *Consumer) keepTopology(ctx context.Context, conn *amqp091.Connection) error {
	whole := Topology{Subscriptions: c.subscriptions}
	seeing := newBindings(c.session.config.ManagementURL, c.session.config.URL)
	defer seeing.close()
	view, _ := seeing.on(conn) // nil for a user who may not declare
	mayDeclare := true
	for {
		wait(ctx, keepTopologyEvery)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		loose := view.loose(ctx, whole)
		missing, err := whole.Missing(conn)
		if err == nil && mayDeclare {
			err = whole.declareAgain(conn, slices.Concat(missing, loose))
			mayDeclare = replyCode(err) != amqp091.AccessRefused
		}
		if !mayDeclare {
			err = nil
			if len(missing) > 0 {
				err = missingError(missing)
			}
		}
		if conn.IsClosed() || ctx.Err() != nil {
			continue
		}
		if err == nil {
			c.incomplete.Store(nil)
			continue
		}
		if c.incomplete.Swap(&err) == nil {
			c.session.log.Warn().Err(err).Msg("the subscriptions lack something on the broker")
		}
	}
}

// keep consumes one queue for as long as the connection lasts: when RabbitMQ cancels the consumer or closes its channel,
// because the queue was deleted or an ack was late, the queue is declared and consumed again.
func (c *Consumer) keep(ctx context.Context, conn *amqp091.Connection, s Subscription) error {
	pauses := pauses{most: backOffMax}
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
		pauses.after(began)
		for err != nil && ctx.Err() == nil && !conn.IsClosed() {
			wait(ctx, pauses.next())
			err = (Topology{Subscriptions: []Subscription{s}}).Ensure(conn)
			if err != nil {
				c.session.seen.lost(s.Queue(), err)
			}
		}
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
	working, stop := drainContext(beginning)
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

// drainContext outlives ctx by the drain timeout, so that work in hand can be finished.
func drainContext(ctx context.Context) (context.Context, func()) {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		wait(working, drainTimeout)
		cancel()
	})
	return working, func() { stop(); cancel() }
}
