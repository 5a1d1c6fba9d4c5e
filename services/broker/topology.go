package broker

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// Topology is what the broker must have before the first event: otherwise the first events on a fresh broker
// reach only those subscribers that happened to start first.
//
// There is no alternate exchange and no catch-all binding: with either, an event that nobody wants would count
// as routed, and the mandatory flag would never report it.
type Topology struct {
	Subscriptions []Subscription
}

const (
	// deliveryLimit is how often a message may be delivered before RabbitMQ takes it for poison. Each crash of a
	// consumer counts for all the messages that it had prefetched, so it must be roomy: a crashing neighbour must
	// not condemn a good message.
	deliveryLimit = 100
	// deadDeliveryLimit is for dead letters, which nothing consumes: looking at one counts as a delivery, and RabbitMQ 4
	// throws away what passes its default of 20.
	deadDeliveryLimit = 1_000_000
)

// queueArguments are those of every subscription's queue (https://www.rabbitmq.com/docs/quorum-queues):
// replicated and on disk, and what is given up goes to the dead letters at least once, for which the queue must
// refuse publishes instead of dropping its head when it is full.
func queueArguments(s Subscription) amqp091.Table {
	return amqp091.Table{
		"x-queue-type":              "quorum",
		"x-delivery-limit":          int32(deliveryLimit),
		"x-dead-letter-exchange":    s.DeadExchange(),
		"x-dead-letter-routing-key": s.Queue(),
		"x-dead-letter-strategy":    "at-least-once",
		"x-overflow":                "reject-publish",
	}
}

// retryQueueArguments hold a message for the delay and then give it back to the subscription's queue. The way back is
// through the subscriber's own exchange: with the default exchange, whoever may write to it could write to any queue.
func retryQueueArguments(s Subscription, delay time.Duration) amqp091.Table {
	arguments := queueArguments(s)
	arguments["x-message-ttl"] = int32(delay.Milliseconds()) //nolint:gosec // at most maxDelay
	arguments["x-dead-letter-exchange"] = s.RetryExchange()
	return arguments
}

func deadQueueArguments() amqp091.Table {
	return amqp091.Table{"x-queue-type": "quorum", "x-delivery-limit": int32(deadDeliveryLimit)}
}

// layout is a topology as RabbitMQ knows it, in the order in which it can be declared.
type layout struct {
	exchanges []declaredExchange
	queues    []declaredQueue
	bindings  []declaredBinding
	unbound   []declaredBinding // may be there from before, and are to go
}

type (
	declaredExchange struct{ name, kind string }
	declaredQueue    struct {
		name      string
		arguments amqp091.Table
	}
	declaredBinding struct{ exchange, key, queue string }
)

func (t Topology) layout() layout {
	var l layout
	for _, name := range exchanges {
		l.exchanges = append(l.exchanges, declaredExchange{name, exchangeKind})
	}
	subscribers := map[string]bool{}
	for _, s := range t.Subscriptions {
		if !subscribers[s.Subscriber] {
			subscribers[s.Subscriber] = true
			l.exchanges = append(l.exchanges,
				declaredExchange{s.DeadExchange(), amqp091.ExchangeDirect}, declaredExchange{s.RetryExchange(), amqp091.ExchangeDirect})
		}
		l.queues = append(l.queues, declaredQueue{s.DeadQueue(), deadQueueArguments()})
		l.bindings = append(l.bindings, declaredBinding{s.DeadExchange(), s.Queue(), s.DeadQueue()})
		for _, delay := range distinct(s.delays()) {
			l.queues = append(l.queues, declaredQueue{s.RetryQueue(delay), retryQueueArguments(s, delay)})
			l.bindings = append(l.bindings, declaredBinding{s.RetryExchange(), s.RetryQueue(delay), s.RetryQueue(delay)})
		}
		l.queues = append(l.queues, declaredQueue{s.Queue(), queueArguments(s)})
		// Before events come: a retry must find its way back.
		l.bindings = append(l.bindings, declaredBinding{s.RetryExchange(), s.Queue(), s.Queue()})
		if s.Overflow != "" {
			l.queues = append(l.queues, declaredQueue{s.LimitedQueue(), limitedQueueArguments(s.Overflow)})
		}
		for _, t := range s.Bound() {
			l.bindings = append(l.bindings, declaredBinding{t.Exchange, t.RoutingKey(), s.entrance()})
		}
		for _, t := range s.left() {
			l.unbound = append(l.unbound, declaredBinding{t.Exchange, t.RoutingKey(), s.Queue()})
		}
	}
	t.full(&l)
	return l
}

// distinct drops repeated delays: they share a queue.
func distinct(delays []time.Duration) []time.Duration {
	seen := map[time.Duration]bool{}
	var once []time.Duration
	for _, delay := range delays {
		if !seen[delay] {
			seen[delay] = true
			once = append(once, delay)
		}
	}
	return once
}

// Apply declares everything. Doing it again changes nothing; a queue that exists with other arguments is an
// error that names it. When something was missing, it leaves word for [Topology.Watch], which asks the producers to
// publish again what a queue may have held that somebody had deleted.
func (t Topology) Apply(conn *amqp091.Connection) error {
	whole := t.layout()
	missing, err := whole.missing(conn)
	if err != nil {
		return err
	}
	return whole.declareMissing(conn, missing)
}

// declareMissing declares the layout, of which so much was missing.
func (l layout) declareMissing(conn *amqp091.Connection, missing []string) error {
	if len(missing) > 0 {
		if err := unmark(conn, markWhole); err != nil {
			return err
		}
	}
	return l.declare(conn)
}

// declareAgain declares all but what is to go. When something was missing it leaves word as [Topology.Apply] does.
func (t Topology) declareAgain(conn *amqp091.Connection, missing []string) error {
	whole := t.layout()
	whole.unbound = nil
	return whole.declareMissing(conn, missing)
}

// declare makes what the layout has.
func (l layout) declare(conn *amqp091.Connection) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	for _, x := range l.exchanges {
		if err := ch.ExchangeDeclare(x.name, x.kind, true, false, false, false, nil); err != nil {
			return fmt.Errorf("declare exchange %s: %w", x.name, err)
		}
	}
	for _, q := range l.queues {
		if _, err := ch.QueueDeclare(q.name, true, false, false, false, q.arguments); err != nil {
			return fmt.Errorf("declare queue %s: %w", q.name, err)
		}
	}
	for _, b := range l.bindings {
		if err := ch.QueueBind(b.queue, b.key, b.exchange, false, nil); err != nil {
			return fmt.Errorf("bind queue %s: %w", b.queue, err)
		}
	}
	for _, b := range l.unbound { // last: in between a queue has both versions rather than none
		if err := ch.QueueUnbind(b.queue, b.key, b.exchange, nil); err != nil {
			return fmt.Errorf("unbind queue %s: %w", b.queue, err)
		}
	}
	return nil
}

// Ensure is Apply for a service, whose user may not be allowed to declare: then it is enough that everything is there.
func (t Topology) Ensure(conn *amqp091.Connection) error {
	refused := t.Apply(conn)
	if replyCode(refused) != amqp091.AccessRefused {
		return refused
	}
	missing, err := t.Missing(conn)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return missingError(missing)
	}
	return nil
}

func missingError(missing []string) error {
	return errors.New("RabbitMQ has no " + strings.Join(missing, ", ") +
		": run `traceria topology apply`, or start the services that own them")
}

// Missing returns the names of the exchanges and queues that the broker does not have, by passive declaration.
// RabbitMQ closes the channel at each miss, so the looks after it have another.
func (t Topology) Missing(conn *amqp091.Connection) ([]string, error) {
	return t.layout().missing(conn)
}

// entrances are the exchanges and queues that an event must find when it is published. How its subscribers retry is
// their own affair.
func (t Topology) entrances() layout {
	var l layout
	for _, name := range exchanges {
		l.exchanges = append(l.exchanges, declaredExchange{name, exchangeKind})
	}
	for _, s := range t.Subscriptions {
		l.queues = append(l.queues, declaredQueue{name: s.Queue()})
	}
	return l
}

func (l layout) missing(conn *amqp091.Connection) ([]string, error) {
	looker := looker{conn: conn}
	defer looker.close()
	for _, x := range l.exchanges {
		if err := looker.look("exchange "+x.name, func(ch *amqp091.Channel) error {
			return ch.ExchangeDeclarePassive(x.name, x.kind, true, false, false, false, nil)
		}); err != nil {
			return nil, err
		}
	}
	for _, q := range l.queues {
		if err := looker.look("queue "+q.name, func(ch *amqp091.Channel) error {
			_, err := ch.QueueDeclarePassive(q.name, true, false, false, false, nil)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return looker.missing, nil
}

// looker asks the broker what it has, on one channel for as long as nothing is missing.
type looker struct {
	conn    *amqp091.Connection
	ch      *amqp091.Channel
	missing []string
}

func (l *looker) look(name string, passive func(*amqp091.Channel) error) error {
	if l.ch == nil {
		ch, err := l.conn.Channel()
		if err != nil {
			return fmt.Errorf("look for %s: %w", name, err)
		}
		l.ch = ch
	}
	err := passive(l.ch)
	if err == nil {
		return nil
	}
	l.close()
	if replyCode(err) != amqp091.NotFound {
		return fmt.Errorf("look for %s: %w", name, err)
	}
	l.missing = append(l.missing, name)
	return nil
}

func (l *looker) close() {
	if l.ch != nil {
		_ = l.ch.Close()
		l.ch = nil
	}
}

// stands tells whether one thing is there.
func stands(conn *amqp091.Connection, passive func(*amqp091.Channel) error) (bool, error) {
	l := looker{conn: conn}
	defer l.close()
	err := l.look("it", passive)
	return err == nil && len(l.missing) == 0, err
}
