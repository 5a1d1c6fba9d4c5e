package otelamqp

import (
	"errors"
	"fmt"

	"github.com/rabbitmq/amqp091-go"
)

// messageKey recognizes a published message when the broker returns it. sentAt differs for each message of a publisher;
// without that header messages with the same identifier and destination are taken in the order in which they were sent,
// which is the order of their returns.
type messageKey struct {
	exchange, routingKey, messageID string
	sentAt                          int64
}

// returnReason is why a message came back.
type returnReason struct {
	code uint16
	text string
}

// expectReturn remembers a mandatory message until it is resolved.
func (p *Publisher) expectReturn(c *Confirmation, m *Message, pub *amqp091.Publishing) {
	sent, _ := pub.Headers[p.cfg.sentAtHeader].(int64)
	c.key = messageKey{m.Exchange, m.RoutingKey, pub.MessageId, sent}
	c.mandatory = true
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.mandatory[c.key]
	if last == nil {
		p.mandatory[c.key] = c
		return
	}
	for last.next != nil {
		last = last.next
	}
	last.next = c
}

// forget ends what expectReturn began.
func (p *Publisher) forget(c *Confirmation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.mandatory[c.key]
	switch {
	case first == c && c.next == nil:
		delete(p.mandatory, c.key)
	case first == c:
		p.mandatory[c.key] = c.next
	default:
		for at := first; at != nil; at = at.next {
			if at.next == c {
				at.next = c.next
			}
		}
	}
	c.next = nil
}

// listen takes every notification of the channel, so that the library's reader never waits, until the channel is gone.
func (p *Publisher) listen() {
	defer close(p.stopped)
	returns, closes := p.returns, p.closes
	for returns != nil || closes != nil {
		select {
		case r, ok := <-returns:
			if !ok {
				returns = nil
				continue
			}
			p.markReturned(&r)
		case err, ok := <-closes:
			p.markLost(err)
			if !ok {
				closes = nil
			}
		case p.idle <- struct{}{}:
		}
	}
}

// catchUp returns when every notification that came before the call has been noted. The broker sends a return before the
// ack of the same message, so after an ack this finds it. Three things can hold one back: the buffers, which are
// emptied here; another goroutine that empties them, which draining keeps out; and the listener's hand, which is empty
// when it offers idle.
func (p *Publisher) catchUp() {
	p.draining.Lock()
	for p.drain() {
	}
	p.draining.Unlock()
	select {
	case <-p.idle:
	case <-p.stopped:
	}
}

// drain notes one waiting notification and reports whether there was one.
func (p *Publisher) drain() bool {
	select {
	case r, ok := <-p.returns:
		if ok {
			p.markReturned(&r)
			return true
		}
	default:
	}
	select {
	case err, ok := <-p.closes:
		p.markLost(err)
		return ok
	default:
		return false
	}
}

func (p *Publisher) markReturned(r *amqp091.Return) {
	sent, _ := r.Headers[p.cfg.sentAtHeader].(int64)
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.mandatory[messageKey{r.Exchange, r.RoutingKey, r.MessageId, sent}]
	for c != nil && c.returned != nil {
		c = c.next
	}
	if c != nil {
		c.returned = &returnReason{r.ReplyCode, r.ReplyText}
	}
}

// returnError says whether the acked message of c had been returned.
func (p *Publisher) returnError(c *Confirmation) error {
	if !c.mandatory {
		return nil
	}
	p.catchUp()
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.returned == nil {
		return nil
	}
	return fmt.Errorf("%w: %d %s, exchange %q, routing key %q", ErrUnroutable, c.returned.code, c.returned.text,
		c.key.exchange, c.key.routingKey)
}

// markLost notes that the channel is gone, and why if that is known.
func (p *Publisher) markLost(err *amqp091.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && p.lostErr == nil {
		p.lostErr = err
	}
	select {
	case <-p.lost:
	default:
		close(p.lost)
	}
}

var errChannelClosed = errors.New("the channel was closed")

// lostError is the outcome of what was not confirmed when the channel was lost.
func (p *Publisher) lostError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lostErr == nil {
		return fmt.Errorf("%w: %w", ErrConfirmUnknown, errChannelClosed)
	}
	return fmt.Errorf("%w: %w", ErrConfirmUnknown, p.lostErr)
}
