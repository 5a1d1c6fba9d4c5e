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
	dest      *destination // nil: no telemetry
	start     time.Time
	unsent    bool // ended before the message left
	watched   bool // a lane will resolve it
	lane      laneKey

	mandatory bool          // the broker may return the message
	key       messageKey    // of a mandatory message
	returned  *returnReason // guarded by Publisher.mu
	next      *Confirmation // the next one with the same key; guarded by Publisher.mu

	mu       sync.Mutex
	resolved bool
	err      error
	done     chan struct{}
}

// Wait waits for the broker's answer or for ctx. nil means that the message is stored and, if mandatory, was routed;
// otherwise the error is one of ErrNack, ErrUnroutable, ErrConfirmTimeout and ErrConfirmUnknown for [errors.Is].
//
// When ctx ends first the error wraps the context's error and ErrConfirmTimeout or ErrConfirmUnknown; the answer may
// still come, and a later Wait returns it.
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

// await returns the outcome, or false when ctx ended before there was one.
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

// answered reports whether the broker's answer is there, or the library has given it up.
func (c *Confirmation) answered() bool {
	select {
	case <-c.dc.Done():
		return true
	default:
		return false
	}
}

// gaveUp is the outcome when the caller's context ended before the confirm came.
func gaveUp(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrConfirmTimeout, ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrConfirmUnknown, ctx.Err())
}

// Done returns a channel that is closed when the outcome is known: the broker answered, the time for the confirm is over
// or the channel is lost. The span has ended then.
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

// observed reports whether somebody sees when the confirmation is resolved although nobody waits: a span, a metric or
// the books on returned messages.
func (c *Confirmation) observed() bool {
	if c.span.IsRecording() || c.mandatory {
		return true
	}
	in := &c.publisher.cfg.instruments
	return c.dest != nil && (in.operation.Enabled(c.ctx) || in.sent.Enabled(c.ctx))
}

// resolve ends the span and measures, the first time that it is called. It returns the outcome.
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

// endSpan ends the span, with an error status and error.type if the operation failed, and returns its duration. The
// conventions want the metric to have the same value as the span, so the span is asked where it can tell.
func endSpan(span trace.Span, start time.Time, err error, errorType string) time.Duration {
	if errorType != "" && span.IsRecording() {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
		span.SetStatus(codes.Error, err.Error())
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

// describe sets the attributes of the message that need not be there at the start of the span, and that Prepare may
// have decided. size is that of the properties and headers, 0 when AMQP cannot carry them.
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

// outcome says what became of the message of c, whose confirm came or whose channel is lost.
func (p *Publisher) outcome(c *Confirmation) error {
	if !c.answered() {
		return p.lostError()
	}
	if c.dc.Acked() {
		return p.returnError(c)
	}
	// The library answers what is pending with false when the channel closes: that is no nack.
	p.catchUp()
	select {
	case <-p.lost:
		return p.lostError()
	default:
		return fmt.Errorf("%w, delivery tag %d", ErrNack, c.dc.DeliveryTag)
	}
}

// confirmations are reused by Publish, which shows them to nobody.
var confirmations = sync.Pool{New: func() any { return new(Confirmation) }}

func recycle(c *Confirmation) {
	*c = Confirmation{}
	confirmations.Put(c)
}
