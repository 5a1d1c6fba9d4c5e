package otelamqp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// PublishChannel is the part of [*amqp091.Channel] that a Publisher needs. The channel must not use the library's own
// recovery (amqp091.Config.Recovery), which answers pending confirms wrongly.
type PublishChannel interface {
	Confirm(noWait bool) error
	PublishWithDeferredConfirmWithContext(ctx context.Context, exchange, key string, mandatory, immediate bool, msg amqp091.Publishing) (*amqp091.DeferredConfirmation, error)
	NotifyReturn(c chan amqp091.Return) chan amqp091.Return
	NotifyClose(c chan *amqp091.Error) chan *amqp091.Error
}

var _ PublishChannel = (*amqp091.Channel)(nil)

// Message is one message to publish.
type Message struct {
	Exchange, RoutingKey string
	// Mandatory makes the broker return the message when no queue takes it; the outcome is then ErrUnroutable. Without
	// it such a message is confirmed, and gone.
	Mandatory bool
	// Publishing is sent with a header table of its own: the given table is not changed, and may be shared.
	Publishing amqp091.Publishing
	// Attributes are set on the send span at its start, where samplers see them. Links are added to it.
	Attributes []attribute.KeyValue
	Links      []trace.Link
	// KeepContext leaves the trace context in the headers alone, because it is the message's creation context and not the
	// caller's: when a message is moved or replayed. The send span is then of kind CLIENT and links to that context, as
	// the conventions want it.
	KeepContext bool
	// Prepare, if set, is called after the send span started and its context was written into the headers, and before
	// publishing: it may finish the body, for instance with the trace context. ctx carries the send span. When it returns
	// an error nothing is published, and the span ends with that error.
	Prepare func(ctx context.Context, p *amqp091.Publishing) error
}

// Publisher publishes messages on one channel with a send span for each, which covers the broker's confirm. It can be
// used by several goroutines at once. It lives as long as its channel: when that closes, pending confirmations end with
// ErrConfirmUnknown and the Publisher's goroutines end; make a new one for a new channel.
type Publisher struct {
	cfg *config
	ch  PublishChannel
	// reuseHeaders: the channel is known not to keep the header table after publishing, so that tables can be used again.
	reuseHeaders bool
	lastSent     atomic.Int64

	returns chan amqp091.Return
	closes  chan *amqp091.Error
	idle    chan struct{} // the listener offers it when it holds no notification in its hand
	stopped chan struct{} // closed when the listener ended
	lost    chan struct{} // closed when the channel is gone

	draining  sync.Mutex // held from taking a notification out of a buffer until it is noted
	mu        sync.Mutex
	mandatory map[messageKey]*Confirmation // what may still be returned
	lostErr   error

	timers  sync.Pool
	lanesMu sync.RWMutex
	lanes   map[laneKey]*lane
}

// notifyBuffer holds a burst of returned messages: the library's reader waits when it is full.
const notifyBuffer = 256

// NewPublisher puts the channel into confirm mode and listens to its returns and its end.
func NewPublisher(ch PublishChannel, opts ...Option) (*Publisher, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if err := ch.Confirm(false); err != nil {
		return nil, fmt.Errorf("put the channel into confirm mode: %w", err)
	}
	_, reuse := ch.(*amqp091.Channel)
	p := &Publisher{
		cfg: cfg, ch: ch, reuseHeaders: reuse,
		returns:   ch.NotifyReturn(make(chan amqp091.Return, notifyBuffer)),
		closes:    ch.NotifyClose(make(chan *amqp091.Error, 1)),
		idle:      make(chan struct{}),
		stopped:   make(chan struct{}),
		lost:      make(chan struct{}),
		mandatory: map[messageKey]*Confirmation{},
		lanes:     map[laneKey]*lane{},
	}
	go p.listen()
	return p, nil
}

// Publish publishes m and waits for the broker's answer, or for ctx. It returns nil when the message is stored and, if
// Mandatory, was routed. Its span ends when it returns. A message that AMQP cannot carry fails with ErrUnsendable before
// anything is sent, and harms no other.
//
// When ctx ends first the outcome is unknown: the error is ErrConfirmTimeout for a deadline, ErrConfirmUnknown otherwise,
// and wraps the context's error as well.
func (p *Publisher) Publish(ctx context.Context, m Message) error {
	c := confirmations.Get().(*Confirmation)
	defer recycle(c)
	if err := p.send(ctx, &m, c); err != nil {
		return err
	}
	err, answered := c.await(ctx)
	if !answered {
		err = gaveUp(ctx)
	}
	return c.resolve(err)
}

// PublishDeferred publishes m and returns without waiting for the broker's answer, so that many messages can be under way
// at once. The span ends with the answer, whether or not somebody waits for it. An error means that nothing was
// published, for instance because AMQP cannot carry the message (ErrUnsendable), or, if it is ErrConfirmUnknown, that the
// connection broke meanwhile.
func (p *Publisher) PublishDeferred(ctx context.Context, m Message) (*Confirmation, error) {
	c := new(Confirmation)
	if err := p.send(ctx, &m, c); err != nil {
		return nil, err
	}
	switch {
	case !c.observed():
	case c.answered():
		c.settle()
	default:
		c.watched = true
		p.watch(c)
	}
	return c, nil
}

// send starts the span and publishes. After an error c is resolved.
func (p *Publisher) send(ctx context.Context, m *Message, c *Confirmation) error {
	ctx = p.begin(ctx, m, c)
	pub := m.Publishing // a copy: the caller's stays as it is
	var pooled bool
	pub.Headers, pooled = p.headers(ctx, m)
	if pooled {
		defer release(pub.Headers)
	}
	if m.Prepare != nil {
		var err error
		if pub, err = prepare(ctx, m, pub); err != nil {
			c.unsent = true
			return c.resolve(fmt.Errorf("prepare message to %s: %w", name(m), err))
		}
	}
	size, err := p.sendable(m, &pub)
	p.describe(c, &pub, size)
	if err != nil {
		c.unsent = true
		return c.resolve(fmt.Errorf("publish to %s: %w", name(m), err))
	}
	c.lane = newLaneKey(c, &pub)
	if m.Mandatory {
		p.expectReturn(c, m, &pub)
	}
	dc, err := p.ch.PublishWithDeferredConfirmWithContext(ctx, m.Exchange, m.RoutingKey, m.Mandatory, false, pub)
	if err == nil && dc != nil {
		c.dc = dc
		return nil
	}
	return c.resolve(notPublished(m, err))
}

// begin fills c and starts its span, unless the filter refuses the message. It returns the context with the span.
func (p *Publisher) begin(ctx context.Context, m *Message, c *Confirmation) context.Context {
	c.publisher = p
	c.start = time.Now()
	if p.cfg.filter != nil && !p.cfg.filter(m.Exchange, m.RoutingKey, "") {
		c.ctx, c.span = ctx, noop.Span{}
		return ctx
	}
	op := opSend
	if m.KeepContext {
		op = opForward
	}
	c.dest = p.cfg.destinations.get(op, m.Exchange, m.RoutingKey, "")
	opts := c.dest.start
	if len(m.Attributes) > 0 || len(m.Links) > 0 || m.KeepContext {
		opts = append(slices.Clip(opts), trace.WithAttributes(m.Attributes...), trace.WithLinks(m.Links...))
		if m.KeepContext {
			if creation := p.cfg.creation(ctx, m.Publishing.Headers); creation.IsValid() {
				opts = append(opts, trace.WithLinks(trace.Link{SpanContext: creation}))
			}
		}
	}
	c.ctx, c.span = p.cfg.tracer.Start(ctx, c.dest.spanName, opts...)
	return c.ctx
}

// notPublished says what it means that the channel returned err, or no confirm.
func notPublished(m *Message, err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("publish to %s: channel not in confirm mode: %w", name(m), ErrConfirmUnknown)
	case writeFailed(err):
		return fmt.Errorf("publish to %s: %w: %w", name(m), ErrConfirmUnknown, err)
	default:
		return fmt.Errorf("publish to %s: %w", name(m), err)
	}
}

// writeFailed reports whether the connection broke while the message was written: part of it may have arrived, and all of
// it may.
func writeFailed(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}

// prepare lets the caller finish the message. What it works on is on the heap, and only here.
func prepare(ctx context.Context, m *Message, pub amqp091.Publishing) (amqp091.Publishing, error) {
	err := m.Prepare(ctx, &pub)
	return pub, err
}

// name returns how errors call the destination of m.
func name(m *Message) string {
	return destinationName(destinationKey{op: opSend, exchange: clip(m.Exchange), routingKey: clip(m.RoutingKey)})
}

func (p *Publisher) timeout() error {
	return fmt.Errorf("%w (%s)", ErrConfirmTimeout, p.cfg.confirmTimeout)
}
