package otelamqp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Confirmation is the broker's answer to one message published with [Publisher.PublishDeferred].
type Confirmation struct {
	publisher *Publisher
	dc        *amqp091.DeferredConfirmation
	ctx       context.Context // with the send span
	span      trace.Span
	dest      *destination // nil without telemetry
	start     time.Time
	unsent    bool // failed before the message was sent
	watched   bool // a lane resolves it
	lane      laneKey

	mandatory bool          // the broker may return the message
	key       messageKey    // set for a mandatory message
	returned  *returnReason // guarded by Publisher.mu
	next      *Confirmation // next with the same key; guarded by Publisher.mu

	mu       sync.Mutex
	resolved bool
	err      error
	done     chan struct{}
}

// Wait waits for the broker's answer or the end of ctx. nil means that the broker confirmed the message and, if it was
// mandatory, routed it. Otherwise the error wraps ErrNack, ErrUnroutable, ErrConfirmTimeout or ErrConfirmUnknown.
//
// If ctx ends first, the error wraps the error of ctx and ErrConfirmTimeout (deadline) or ErrConfirmUnknown
// (cancellation). The answer can still arrive. A later Wait returns it.
func (c *Confirmation) Wait(ctx context.Context) error {
	c.mu.Lock()
	resolved, err := c.resolved, c.err
	c.mu.Unlock()
	if resolved {
		return err
	}
	if err, answered := c.await(ctx); answered {
		return c.resolve(err)
	}
	return gaveUp(ctx)
}

// await returns the outcome, or false if ctx ended first.
func (c *Confirmation) await(ctx context.Context) (err error, answered bool) {
	p := c.publisher
	if c.answered() {
		return p.outcome(c), true
	}
	timer := p.timer(p.cfg.confirmTimeout - time.Since(c.start))
	defer p.putTimer(timer)
	select {
	case <-c.dc.Done():
		return p.outcome(c), true
	case <-p.lost:
		return p.outcome(c), true
	case <-timer.C:
		return p.timeout(), true
	case <-ctx.Done():
		return nil, false
	}
}

// answered reports whether the broker answered, or amqp091-go resolved the confirmation because the channel closed.
func (c *Confirmation) answered() bool {
	select {
	case <-c.dc.Done():
		return true
	default:
		return false
	}
}

// gaveUp returns the error for a context that ended before the confirm arrived.
func gaveUp(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrConfirmTimeout, ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrConfirmUnknown, ctx.Err())
}

// Done returns a channel that is closed when the outcome is known: the broker answered, the confirm timed out or the
// channel was lost. The span has ended by then.
func (c *Confirmation) Done() <-chan struct{} {
	c.mu.Lock()
	unwatched := !c.watched && !c.resolved
	c.watched = true
	if c.done == nil {
		c.done = make(chan struct{})
		if c.resolved {
			close(c.done)
		}
	}
	done := c.done
	c.mu.Unlock()
	if unwatched {
		c.publisher.watch(c)
	}
	return done
}

// observed reports whether the outcome matters without a call of Wait: for a span, a metric, or the map of mandatory
// messages.
func (c *Confirmation) observed() bool {
	if c.span.IsRecording() || c.mandatory {
		return true
	}
	in := &c.publisher.cfg.instruments
	return c.dest != nil && (in.operation.Enabled(c.ctx) || in.sent.Enabled(c.ctx))
}

// resolve returns the outcome. The first call ends the span and records the metrics.
func (c *Confirmation) resolve(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resolved {
		return c.err
	}
	c.resolved, c.err = true, err
	if c.mandatory {
		c.publisher.forget(c)
	}
	if c.dest != nil {
		c.end(err)
	}
	if c.done != nil {
		close(c.done)
	}
	return err
}

func (c *Confirmation) end(err error) {
	errorType := ErrorType(err)
	elapsed := endSpan(c.span, c.start, err, errorType)
	in := &c.publisher.cfg.instruments
	if in.operation.Enabled(c.ctx) {
		in.operation.Record(c.ctx, elapsed.Seconds(), c.dest.outcome(errorType).operation...)
	}
	if !c.unsent && in.sent.Enabled(c.ctx) {
		in.sent.Add(c.ctx, 1, c.dest.outcome(errorType).count...)
	}
}

// endSpan ends the span and returns its duration. If errorType is not empty, it sets error.type and the error status.
// The conventions want the same duration in metric and span, so it uses the span's own times if the span has them.
func endSpan(span trace.Span, start time.Time, err error, errorType string) time.Duration {
	if errorType != "" && span.IsRecording() {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
		span.SetStatus(codes.Error, validText(err.Error()))
	}
	span.End()
	if timed, ok := span.(interface {
		StartTime() time.Time
		EndTime() time.Time
	}); ok && !timed.EndTime().IsZero() {
		return timed.EndTime().Sub(timed.StartTime())
	}
	return time.Since(start)
}

// describe sets the attributes that are not needed at span start, because Prepare can change them. size is the size of
// the properties and headers in bytes, 0 if AMQP cannot carry them.
func (p *Publisher) describe(c *Confirmation, pub *amqp091.Publishing, size int) {
	if !c.span.IsRecording() || c.dest == nil {
		return
	}
	attrs := messageAttributes(make(attributes, 0, 4), pub.MessageId, pub.CorrelationId)
	if p.cfg.sizes && size > 0 {
		attrs = append(attrs, sizeAttributes(size, pub.Body)...)
	}
	c.span.SetAttributes(attrs...)
}

// outcome returns the result of c after its confirm arrived or its channel was lost.
func (p *Publisher) outcome(c *Confirmation) error {
	if !c.answered() {
		return p.lostError()
	}
	if c.dc.Acked() {
		return p.returnError(c)
	}
	// When the channel closes, amqp091-go resolves pending confirmations as false. That is not a nack.
	p.catchUp()
	select {
	case <-p.lost:
		return p.lostError()
	default:
		return fmt.Errorf("%w, delivery tag %d", ErrNack, c.dc.DeliveryTag)
	}
}

// confirmations are reused by Publish, which does not return them.
var confirmations = sync.Pool{New: func() any { return new(Confirmation) }}

func recycle(c *Confirmation) {
	*c = Confirmation{}
	confirmations.Put(c)
}
