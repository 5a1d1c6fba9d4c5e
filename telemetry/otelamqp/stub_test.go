package otelamqp_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"unsafe"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
)

// deferred has the memory layout of amqp091.DeferredConfirmation, which other packages cannot resolve.
type deferred struct {
	tag  uint64
	done chan struct{}
	ack  bool
}

func (d *deferred) confirmation() *amqp091.DeferredConfirmation {
	const same = unsafe.Sizeof(deferred{}) == unsafe.Sizeof(amqp091.DeferredConfirmation{})
	if !same {
		panic("amqp091.DeferredConfirmation has changed: adapt deferred")
	}
	return (*amqp091.DeferredConfirmation)(unsafe.Pointer(d))
}

func (d *deferred) answer(ack bool) {
	d.ack = ack
	close(d.done)
}

// stub is a channel without a broker: the test answers.
type stub struct {
	mu         sync.Mutex
	sent       []sent
	returns    chan amqp091.Return
	closes     chan *amqp091.Error
	publishErr error
	confirmErr error
	answer     func(s *stub, n int, m sent) // called for each message; nil acks at once
	notConfirm bool
}

type sent struct {
	exchange, key string
	mandatory     bool
	msg           amqp091.Publishing
	confirm       *deferred
}

var _ otelamqp.PublishChannel = (*stub)(nil)

func (s *stub) Confirm(bool) error { return s.confirmErr }

func (s *stub) PublishWithDeferredConfirmWithContext(ctx context.Context, exchange, key string, mandatory, _ bool, msg amqp091.Publishing) (*amqp091.DeferredConfirmation, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if s.publishErr != nil {
		return nil, s.publishErr
	}
	if s.notConfirm {
		return nil, nil
	}
	msg.Headers = maps.Clone(msg.Headers)
	s.mu.Lock()
	m := sent{exchange, key, mandatory, msg, &deferred{tag: uint64(len(s.sent) + 1), done: make(chan struct{})}}
	s.sent = append(s.sent, m)
	n := len(s.sent) - 1
	s.mu.Unlock()
	if s.answer == nil {
		m.confirm.answer(true)
	} else {
		s.answer(s, n, m)
	}
	return m.confirm.confirmation(), nil
}

func (s *stub) NotifyReturn(c chan amqp091.Return) chan amqp091.Return { s.returns = c; return c }

func (s *stub) NotifyClose(c chan *amqp091.Error) chan *amqp091.Error { s.closes = c; return c }

// hold leaves messages unanswered.
func hold(*stub, int, sent) {}

// back returns m to its publisher, like basic.return.
func (s *stub) back(m sent) {
	s.returns <- amqp091.Return{
		ReplyCode: amqp091.NoRoute, ReplyText: "NO_ROUTE", Exchange: m.exchange, RoutingKey: m.key,
		MessageId: m.msg.MessageId, Headers: m.msg.Headers,
	}
}

// lose closes the channel like amqp091-go: it sends the reason, closes the listeners, and resolves pending confirms as
// false.
func (s *stub) lose(reason *amqp091.Error) {
	if reason != nil {
		s.closes <- reason
	}
	close(s.closes)
	close(s.returns)
	for _, m := range s.all() {
		select {
		case <-m.confirm.done:
		default:
			m.confirm.answer(false)
		}
	}
}

func (s *stub) all() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sent(nil), s.sent...)
}

// last returns the last published message.
func (s *stub) last(t *testing.T) sent {
	t.Helper()
	all := s.all()
	if len(all) == 0 {
		t.Fatal("nothing was published")
	}
	return all[len(all)-1]
}

// settlement records the calls to a delivery's acknowledger.
type settlement struct {
	mu    sync.Mutex
	calls []string
	err   error
}

func (s *settlement) note(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	return s.err
}

func (s *settlement) Ack(uint64, bool) error        { return s.note("ack") }
func (s *settlement) Nack(uint64, bool, bool) error { return s.note("nack") }
func (s *settlement) Reject(uint64, bool) error     { return s.note("reject") }
