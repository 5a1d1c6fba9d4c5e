package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry"
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

// Publish sends the events without waiting in between, and then waits for all confirms. It returns an error per event: nil
// if RabbitMQ has stored and routed it, [event.ErrBrokerAway] if the connection was lost, [event.ErrUnroutable] if no queue
// is bound to it, or the reason of the refusal. It waits for the broker until ctx ends.
func (p *Publisher) Publish(ctx context.Context, batch []event.Outgoing) []error {
	results := make([]error, len(batch))
	publisher, err := p.await(ctx)
	if err != nil {
		for i := range results {
			results[i] = fmt.Errorf("%w: %w", event.ErrBrokerAway, err)
		}
		return results
	}
	confirmations := make([]*otelamqp.Confirmation, len(batch))
	for i, outgoing := range batch {
		confirmations[i], results[i] = p.send(ctx, publisher, outgoing)
	}
	for i, confirmation := range confirmations {
		if confirmation != nil {
			// Not ctx: a sent message waits for its confirm, or for the confirm timeout, also while the service stops.
			results[i] = confirmation.Wait(context.WithoutCancel(ctx))
		}
		results[i] = explain(results[i])
	}
	return results
}

func (p *Publisher) send(ctx context.Context, publisher *otelamqp.Publisher, outgoing event.Outgoing) (*otelamqp.Confirmation, error) {
	envelope := outgoing.Envelope
	typ, err := event.Lookup(envelope.Metadata.EventType, envelope.Metadata.Version)
	if err != nil {
		return nil, err
	}
	// The span belongs to the request or message that caused the event, not to the relay.
	ctx = telemetry.Resume(context.WithoutCancel(ctx), outgoing.Context)
	ctx = telemetry.WithConversation(ctx, envelope.Metadata.ConversationID)
	departure := Departure{Type: typ, Injected: outgoing.Injected, RoutingKey: typ.RoutingKey(), cut: p.session.cut}
	if sending := p.session.config.Seams.Sending; sending != nil {
		sending(ctx, &departure)
	}
	if departure.OnWay != nil {
		defer departure.OnWay()
	}
	return publisher.PublishDeferred(ctx, otelamqp.Message{
		Exchange:   typ.Exchange,
		RoutingKey: departure.RoutingKey,
		Mandatory:  true,
		Publishing: publishing(envelope),
		Prepare: func(ctx context.Context, message *amqp091.Publishing) error {
			trace.SpanFromContext(ctx).SetAttributes(telemetry.KindKey.String(telemetry.Event))
			if outgoing.Resent {
				trace.SpanFromContext(ctx).SetAttributes(telemetry.ResentKey.Bool(true))
			}
			if typ.Deprecated() {
				trace.SpanFromContext(ctx).SetAttributes(deprecatedKey.Bool(true))
			}
			telemetry.W3C.Inject(ctx, &envelope.Metadata)
			if departure.OnContext != nil {
				departure.OnContext(ctx, &envelope, message.Headers)
			}
			format := p.session.config.choices(ctx).Format
			if format == event.CloudEventsFormat {
				trace.SpanFromContext(ctx).SetAttributes(cloudAttributes(envelope)...)
			}
			if err := writeBody(message, envelope, format); err != nil {
				return err
			}
			if departure.OnMessage != nil {
				if err := departure.OnMessage(ctx, message); err != nil {
					return err
				}
			}
			return p.limit.check(message)
		},
	})
}

// explain distinguishes a lost connection and an unroutable event from a refusal. A failed write has the network's error.
func explain(err error) error {
	var line *net.OpError
	if errors.Is(err, otelamqp.ErrUnroutable) {
		return fmt.Errorf("%w: %w", event.ErrUnroutable, err)
	}
	if errors.Is(err, otelamqp.ErrConfirmUnknown) || errors.Is(err, amqp091.ErrClosed) || errors.As(err, &line) {
		return fmt.Errorf("%w: %w", event.ErrBrokerAway, err)
	}
	return err
}

// instrumentation returns the options of otelamqp for the service.
func instrumentation(config Config) []otelamqp.Option {
	timeout := config.ConfirmTimeout
	if timeout == 0 {
		timeout = defaultConfirmTimeout
	}
	options := []otelamqp.Option{
		otelamqp.WithTracerProvider(config.Telemetry.TracerProvider),
		otelamqp.WithMeterProvider(config.Telemetry.MeterProvider),
		otelamqp.WithPropagators(config.Telemetry.Propagator),
		otelamqp.WithConfirmTimeout(timeout),
	}
	if mode := config.Seams.TraceMode; mode != nil {
		options = append(options, otelamqp.WithTraceMode(mode))
	}
	if uri, err := amqp091.ParseURI(config.URL); err == nil {
		options = append(options, otelamqp.WithServerAddress(uri.Host, uri.Port))
	}
	return options
}
