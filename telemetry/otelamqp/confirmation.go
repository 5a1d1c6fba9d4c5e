package otelamqp

import (
	"context"
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
	watched   bool // a watcher will resolve it

	key      messageKey    // mandatory only
	expected bool          // in Publisher.mandatory; guarded by Publisher.mu
	returned *returnReason // guarded by Publisher.mu
	next     *Confirmation // the next one with the same key; guarded by Publisher.mu

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
	if err, ok := c.outcome(); ok {
		return err
	}
	select {
	case <-c.Done():
		err, _ := c.outcome()
		return err
	case <-ctx.Done():
		if err, ok := c.outcome(); ok {
			return err
		}
		return gaveUp(ctx)
	}
}

// Done returns a channel that is closed when the outcome is known: the broker answered, the time for the confirm is over
// or the channel is lost. The span has ended then.
func (c *Confirmation) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		switch {
		case c.resolved:
			close(c.done)
		case !c.watched:
			c.watched = true
			c.publisher.watch(c)
		}
	}
	return c.done
}

// outcome returns the error and whether it is known yet. Where nobody watches, it looks at the broker's answer itself.
func (c *Confirmation) outcome() (error, bool) {
	c.mu.Lock()
	resolved, watched, err := c.resolved, c.watched, c.err
	c.mu.Unlock()
	if resolved || watched {
		return err, resolved
	}
	select {
	case <-c.dc.Done():
		return c.resolve(c.publisher.outcome(c)), true
	default:
		return nil, false
	}
}

// observed reports whether somebody sees when the confirmation is resolved although nobody waits: a span, a metric or
// the books on returned messages.
func (c *Confirmation) observed() bool {
	if c.span.IsRecording() || c.expected {
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
	if c.expected {
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
// have decided.
func (p *Publisher) describe(c *Confirmation, pub *amqp091.Publishing) {
	if !c.span.IsRecording() || c.dest == nil {
		return
	}
	attrs := messageAttributes(make(attributes, 0, 4), pub.MessageId, pub.CorrelationId)
	if p.cfg.sizes {
		attrs = append(attrs, sizeAttributes(publishingProperties(pub), pub.Headers, pub.Body)...)
	}
	c.span.SetAttributes(attrs...)
}

// outcome says what became of the message of c, whose confirm came or whose channel is lost.
func (p *Publisher) outcome(c *Confirmation) error {
	select {
	case <-c.dc.Done():
	default:
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
