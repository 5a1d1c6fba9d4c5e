package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp"
)

// Publisher publishes events over a connection of its own and waits for the confirm of each.
type Publisher struct {
	session session
	// wanted must stand before the first event is sent: an event that is published before a subscriber has its queue
	// never reaches that subscriber.
	wanted topology.Topology
	// own is needed by the service's retries and dead letters.
	own   topology.Topology
	limit bodyLimit

	mu      sync.Mutex
	current *otelamqp.Publisher
	changed chan struct{} // closed when current changes
	waiting error         // why there is no current one
	blocked error         // why the current one may not be used
}

// NewPublisher returns a publisher that starts when the queues of wanted, which other services own, and the service's own
// topology stand. It does nothing before Run.
func NewPublisher(config Config, wanted, own topology.Topology) *Publisher {
	return &Publisher{
		session: newSession(config, "publish"),
		wanted:  wanted,
		own:     own,
		changed: make(chan struct{}),
		waiting: errors.New("not connected to RabbitMQ yet"),
	}
}

// Run keeps the publisher connected until ctx ends.
func (p *Publisher) Run(ctx context.Context) { p.session.run(ctx, p.work) }

// Ready returns nil when events can be published, and otherwise the reason.
func (p *Publisher) Ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.blocked != nil:
		return p.blocked
	case p.current == nil:
		return p.waiting
	default:
		return nil
	}
}

func (p *Publisher) work(ctx context.Context, conn *amqp091.Connection) error {
	blocked := conn.NotifyBlocked(make(chan amqp091.Blocking, 16))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.watchBlocked(ctx, blocked) })
	group.Go(func() error { return p.keep(ctx, conn) })
	return group.Wait()
}

// keep waits for the topology, and then keeps a publishing channel open until ctx ends or RabbitMQ closes the channel.
func (p *Publisher) keep(ctx context.Context, conn *amqp091.Connection) error {
	waiting := func(err error) { p.set(nil, err) }
	if err := p.session.awaitStanding(ctx, waiting, func() ([]string, error) { return p.missing(ctx, conn) }); err != nil {
		return err
	}
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
	options := append(instrumentation(p.session.config), otelamqp.WithFilter(hasSpan), otelamqp.WithFrameSize(conn.Config.FrameSize))
	current, err := otelamqp.NewPublisher(ch, options...)
	if err != nil {
		return fmt.Errorf("open a publishing channel: %w", err)
	}
	p.set(current, nil)
	p.session.seen.found(ctx, p.session.purpose)
	defer p.set(nil, errors.New("the connection to RabbitMQ was lost"))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case reason := <-closed:
		p.limit.learn(reason)
		return fmt.Errorf("the publishing channel was closed: %w", closeReason(reason))
	}
}

// missing names what is missing for the events, and for the service's own retries and dead letters: RabbitMQ closes the
// publishing channel for a message to a missing exchange.
func (p *Publisher) missing(ctx context.Context, conn *amqp091.Connection) ([]string, error) {
	missing, err := unproven(ctx, conn, p.wanted)
	if err != nil {
		return nil, err
	}
	own, err := visiblyMissing(conn, p.own.Owned())
	return append(missing, own...), err
}

// watchBlocked stops publishing while RabbitMQ is short of memory or disk and does not read from this connection
// (https://www.rabbitmq.com/docs/connection-blocked). Events wait in the outbox.
func (p *Publisher) watchBlocked(ctx context.Context, blocked <-chan amqp091.Blocking) error {
	defer p.block(nil)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case state, open := <-blocked:
			switch {
			case !open:
				blocked = nil // the connection closes, and ctx ends with it
			case state.Active:
				p.session.seen.blocked(ctx, p.session.purpose)
				p.session.log.Warn().Str("reason", state.Reason).Msg("RabbitMQ takes no messages")
				p.block(fmt.Errorf("RabbitMQ takes no messages: %s", state.Reason))
			default:
				p.session.log.Info().Msg("RabbitMQ takes messages again")
				p.block(nil)
			}
		}
	}
}

// hasSpan is false for a message to a retry queue: the next attempt belongs to the first send span.
func hasSpan(_, routingKey, _ string) bool { return !strings.Contains(routingKey, ".retry.") }

// Move publishes a retry or a dead letter as mandatory and waits for its confirm. It waits for the broker until ctx ends.
// Its errors are those of [Publisher.Publish].
func (p *Publisher) Move(ctx context.Context, message otelamqp.Message) error {
	if err := p.limit.check(&message.Publishing); err != nil {
		return err
	}
	publisher, err := p.await(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", event.ErrBrokerAway, err)
	}
	message.Mandatory = true
	return explain(publisher.Publish(ctx, message))
}

func closeReason(reason *amqp091.Error) error {
	if reason == nil {
		return amqp091.ErrClosed
	}
	return reason
}

func (p *Publisher) set(current *otelamqp.Publisher, waiting error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current, p.waiting = current, waiting
	p.announce()
}

func (p *Publisher) block(reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocked = reason
	p.announce()
}

func (p *Publisher) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// await waits until events can be published, or until ctx ends.
func (p *Publisher) await(ctx context.Context) (*otelamqp.Publisher, error) {
	for {
		p.mu.Lock()
		current, blocked, changed := p.current, p.blocked, p.changed
		p.mu.Unlock()
		if current != nil && blocked == nil {
			return current, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
