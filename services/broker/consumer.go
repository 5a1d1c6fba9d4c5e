package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"traceria/services/broker/wire"
	"traceria/services/wait"
	"traceria/telemetry/otelamqp"
)

const (
	// prefetch is how many unacked messages RabbitMQ delivers per subscription: enough to keep all its workers busy.
	prefetch = 2 * DefaultWorkers
	// drainTimeout is how long handlers may work on after the service began to stop, or their connection was lost.
	drainTimeout = 5 * time.Second
	// hangTimeout is how long a handler may go on after its context ended. The subscription then goes on without it.
	hangTimeout = 500 * time.Millisecond
	// giveBackPause delays the return of a message that could neither be handled nor moved.
	giveBackPause = time.Second
)

// Consumer consumes the queues of one service's subscriptions over a connection of its own.
type Consumer struct {
	session       session
	subscriptions []Subscription
	publisher     *Publisher
	otel          *otelamqp.Consumer
	consuming     atomic.Int32
	working       hands
	hung          *hungHandlers
	instruments   instruments
	// incomplete says what is missing of the subscriptions' topology.
	incomplete atomic.Pointer[error]
}

// NewConsumer returns a consumer of the subscriptions. It sends retries and dead letters through the publisher. It does
// nothing before Run.
func NewConsumer(config Config, subscriptions []Subscription, publisher *Publisher) (*Consumer, error) {
	instrumented, err := otelamqp.NewConsumer(instrumentation(config)...)
	if err != nil {
		return nil, fmt.Errorf("instrument the consumer: %w", err)
	}
	subscriptions = slices.Clone(subscriptions)
	for i := range subscriptions {
		if subscriptions[i].Gate == nil { // the same for every connection: a handler that hangs keeps its place
			subscriptions[i].Gate = make(fixedGate, DefaultWorkers)
		}
	}
	return &Consumer{
		session:       newSession(config, "consume"),
		subscriptions: subscriptions,
		publisher:     publisher,
		otel:          instrumented,
		hung:          newHungHandlers(config.Telemetry),
		instruments:   newInstruments(config.Telemetry),
	}, nil
}

// Hung returns the handlers that have not returned although their message was taken from them.
func (c *Consumer) Hung() []Hung { return c.hung.list() }

// Working returns the messages in the hands of handlers. It omits those of handlers that hang: RabbitMQ has them back.
func (c *Consumer) Working() []Work { return c.working.list() }

// Run consumes until ctx ends. It returns when the handlers at work have returned and acked, at the latest after 5.5 s.
func (c *Consumer) Run(ctx context.Context) {
	if len(c.subscriptions) > 0 {
		c.session.run(ctx, c.work)
	}
}

// Ready returns nil when every subscription is consumed and has its queues and exchanges, and otherwise the reason.
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

// watchTopology reports deleted queues and exchanges while the connection lasts. Package keeper restores them.
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

// missing names the missing exchanges and queues of the subscriptions, as far as their user may look at them.
func (c *Consumer) missing(conn *amqp091.Connection) ([]string, error) {
	return visiblyMissing(conn, TopologyOf(c.subscriptions).Owned())
}

// saysMissing stores what is missing, for Ready, and logs it once.
func (c *Consumer) saysMissing(err error) {
	if err == nil {
		c.incomplete.Store(nil)
		return
	}
	if c.incomplete.Swap(&err) == nil {
		c.session.log.Warn().Err(err).Msg("the subscriptions lack something on the broker")
	}
}

// keep consumes one queue while the connection lasts. When RabbitMQ ends the consumer, because the queue was deleted or an
// ack was late, it consumes again as soon as the queue is there.
func (c *Consumer) keep(ctx context.Context, conn *amqp091.Connection, s Subscription) error {
	var pauses wire.Pauses
	for {
		c.session.config.Seams.awaitOpen(ctx, s.Queue())
		began := time.Now()
		err := c.consume(ctx, conn, s)
		if conn.IsClosed() {
			<-ctx.Done() // the session says why
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, errClosed) {
			continue
		}
		c.session.seen.lost(s.Queue(), err)
		pauses.After(began)
		_ = wait.For(ctx, pauses.Next())
	}
}

// consume works on one queue until ctx ends or RabbitMQ ends the consumer.
func (c *Consumer) consume(ctx context.Context, conn *amqp091.Connection, s Subscription) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return fmt.Errorf("set the prefetch of %s: %w", s.Queue(), err)
	}
	ended := endOf(ch)
	deliveries, err := ch.Consume(s.Queue(), s.Queue(), false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consume %s: %w", s.Queue(), err)
	}
	ctx, open := c.session.config.Seams.untilClosed(ctx, s.Queue())
	defer open()
	ctx, stop := untilEnded(ctx, ended, s.Queue())
	defer stop()
	c.session.seen.found(ctx, s.Queue())
	c.hung.begin(ctx, s.Queue())
	c.consuming.Add(1)
	defer c.consuming.Add(-1)
	w := worker{Consumer: c, subscription: s, pauser: newPauser(), meters: c.instruments.of(ctx, s), channel: ch, acks: &acks{channel: ch}}
	return w.run(ctx, deliveries)
}

// errEnded is the cause of a context whose consumer RabbitMQ has ended.
var errEnded = errors.New("RabbitMQ ended the consumer")

// ends are the ways in which RabbitMQ ends a consumer: it closes the channel, or cancels the consumer (a queue that was
// deleted, and since RabbitMQ 4.3 an ack that was late).
type ends struct {
	closed    <-chan *amqp091.Error
	cancelled <-chan string
}

func endOf(ch *amqp091.Channel) ends {
	return ends{ch.NotifyClose(make(chan *amqp091.Error, 1)), ch.NotifyCancel(make(chan string, 1))}
}

// untilEnded returns a context that ends with the consumer.
func untilEnded(ctx context.Context, e ends, queue string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-e.closed: //nolint:errcheck // the reason does not matter here
		case <-e.cancelled:
		case <-ctx.Done():
		}
		cancel(fmt.Errorf("%w of %s", errEnded, queue))
	}()
	return ctx, func() { cancel(nil) }
}
