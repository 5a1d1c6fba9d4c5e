package otelamqp

import (
	"errors"
	"fmt"

	"github.com/rabbitmq/amqp091-go"
)

// messageKey identifies a published message that the broker returns. sentAt is unique for each message of a publisher.
// Without that header, messages with equal keys are matched in the order of sending, which is the order of their
// returns.
type messageKey struct {
	exchange, routingKey, messageID string
	sentAt                          int64
}

// returnReason is the reply of basic.return.
type returnReason struct {
	code uint16
	text string
}

// expectReturn records a mandatory message until it is resolved.
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

// forget removes a message that expectReturn recorded.
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

// listen reads the notifications of the channel until the channel is lost, so that the reader of amqp091-go never
// blocks.
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

// catchUp returns when every notification received before the call is recorded. The broker sends basic.return before
// basic.ack of the same message (https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed), so after an ack
// the return is recorded. A notification can be in three places:
//
//  1. in a buffer, which catchUp drains;
//  2. in another goroutine that drains, which the mutex draining excludes;
//  3. in the listener, which sends on idle only between notifications.
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

// drain records one waiting notification and reports whether there was one.
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

// returnError returns ErrUnroutable if the broker returned the acked message of c, and nil otherwise.
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

// markLost records that the channel is lost, and the reason if there is one.
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

// lostError returns the error of a message that was not confirmed before the channel was lost.
func (p *Publisher) lostError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lostErr == nil {
		return fmt.Errorf("%w: %w", ErrConfirmUnknown, errChannelClosed)
	}
	return fmt.Errorf("%w: %w", ErrConfirmUnknown, p.lostErr)
}
