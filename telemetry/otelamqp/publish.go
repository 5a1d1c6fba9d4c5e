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

// PublishChannel is the part of [*amqp091.Channel] that a Publisher needs. Its connection must not use
// amqp091.Config.Recovery, which reports wrong confirms.
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
	// Mandatory makes the broker return a message that no queue takes. Publish then fails with ErrUnroutable. Without
	// Mandatory the broker confirms and drops such a message (https://www.rabbitmq.com/docs/publishers#unroutable).
	Mandatory bool
	// Publishing is sent with a copy of its header table. The given table is never changed, so messages may share it.
	Publishing amqp091.Publishing
	// Attributes are set on the send span at its start, so that samplers see them. Links are added to the span.
	Attributes []attribute.KeyValue
	Links      []trace.Link
	// KeepContext keeps the trace context in the headers: it is the creation context of a message that is moved or
	// replayed. The send span is then of kind CLIENT and links to that context (semconv, messaging spans, "Span
	// kind").
	KeepContext bool
	// Prepare, if set, can complete the message before it is published. The send span has started, its context is in
	// the headers, and ctx carries the span. If Prepare returns an error, nothing is published, and the span ends with
	// the error.
	Prepare func(ctx context.Context, p *amqp091.Publishing) error
}

// Publisher publishes messages on one channel. Each message has a send span, which covers the broker's confirm.
// Several goroutines may use a Publisher at once. When the channel closes, pending confirmations fail with
// ErrConfirmUnknown, and the goroutines of the Publisher end. Make a new Publisher for a new channel.
type Publisher struct {
	cfg *config
	ch  PublishChannel
	// reuseHeaders is true if the channel does not keep header tables after publishing, so that they can be reused.
	reuseHeaders bool
	lastSent     atomic.Int64

	returns chan amqp091.Return
	closes  chan *amqp091.Error
	idle    chan struct{} // the listener sends on it when it is not handling a notification
	stopped chan struct{} // closed when the listener has ended
	lost    chan struct{} // closed when the channel is lost

	draining  sync.Mutex // held while notifications are read and recorded
	mu        sync.Mutex
	mandatory map[messageKey]*Confirmation // messages that the broker can still return
	lostErr   error

	timers  sync.Pool
	lanesMu sync.RWMutex
	lanes   map[laneKey]*lane
}

// notifyBuffer is the number of returned messages that can wait. The reader of amqp091-go blocks when the buffer is
// full.
const notifyBuffer = 256

// NewPublisher puts the channel into confirm mode and listens to its returns and its close. An error means that the
// meter refused an instrument or that the channel refused confirm mode.
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

// Publish publishes m and waits for the broker's answer or the end of ctx. It returns nil when the broker has
// confirmed the message and, with Mandatory, routed it. The span ends when Publish returns. A message that AMQP cannot
// carry fails with ErrUnsendable. Nothing is sent then, and other messages are not affected.
//
// If ctx ends first, the outcome is unknown. The error wraps the error of ctx and ErrConfirmTimeout (deadline) or
// ErrConfirmUnknown (cancellation).
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

// PublishDeferred publishes m and does not wait for the broker's answer, so many messages can be outstanding. The span
// ends when the answer arrives, even if the program does not wait for it. An error means that nothing was published,
// for example ErrUnsendable. ErrConfirmUnknown is the exception: the connection broke during the call.
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

// send starts the span and publishes. After an error it has resolved c.
func (p *Publisher) send(ctx context.Context, m *Message, c *Confirmation) error {
	ctx = p.begin(ctx, m, c)
	pub := m.Publishing // a copy, because the caller's value must not change
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

// notPublished returns the error for a channel that returned err, or no error and no confirmation.
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

// writeFailed reports whether the connection broke during the write. The broker may have received a part of the
// message or the whole message.
func writeFailed(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}

// prepare calls Prepare. It is a function of its own because its copy of the message moves to the heap.
func prepare(ctx context.Context, m *Message, pub amqp091.Publishing) (amqp091.Publishing, error) {
	err := m.Prepare(ctx, &pub)
	return pub, err
}

// name returns the destination of m for error texts.
func name(m *Message) string {
	return destinationName(destinationKey{op: opSend, exchange: clip(m.Exchange), routingKey: clip(m.RoutingKey)})
}

func (p *Publisher) timeout() error {
	return fmt.Errorf("%w (%s)", ErrConfirmTimeout, p.cfg.confirmTimeout)
}
