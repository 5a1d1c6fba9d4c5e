package broker

import (
	"fmt"

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

// DeadExchange is where RabbitMQ puts what a queue gives up, with the queue's name as routing key.
const DeadExchange = "traceria.dead"

// deliveryLimit is how often a message may be delivered before RabbitMQ takes it for poison. Each crash of a
// consumer counts for all the messages that it had prefetched, so it must be roomy: a crashing neighbour must
// not condemn a good message.
const deliveryLimit = 100

// queueArguments are those of every subscription's queue (https://www.rabbitmq.com/docs/quorum-queues):
// replicated and on disk, and what is given up goes to the dead letters at least once, for which the queue must
// refuse publishes instead of dropping its head when it is full.
func queueArguments(s Subscription) amqp091.Table {
	return amqp091.Table{
		"x-queue-type":              "quorum",
		"x-delivery-limit":          int32(deliveryLimit),
		"x-dead-letter-exchange":    DeadExchange,
		"x-dead-letter-routing-key": s.Queue(),
		"x-dead-letter-strategy":    "at-least-once",
		"x-overflow":                "reject-publish",
	}
}

func deadQueueArguments() amqp091.Table { return amqp091.Table{"x-queue-type": "quorum"} }

// Apply declares everything. Doing it again changes nothing; a queue that exists with other arguments is an
// error that names it.
func (t Topology) Apply(conn *amqp091.Connection) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	for _, name := range exchanges {
		if err := ch.ExchangeDeclare(name, exchangeKind, true, false, false, false, nil); err != nil {
			return fmt.Errorf("declare exchange %s: %w", name, err)
		}
	}
	if err := ch.ExchangeDeclare(DeadExchange, amqp091.ExchangeDirect, true, false, false, false, nil); err != nil {
		return fmt.Errorf("declare exchange %s: %w", DeadExchange, err)
	}
	for _, s := range t.Subscriptions {
		if err := declareQueues(ch, s); err != nil {
			return err
		}
	}
	return nil
}

func declareQueues(ch *amqp091.Channel, s Subscription) error {
	if _, err := ch.QueueDeclare(s.DeadQueue(), true, false, false, false, deadQueueArguments()); err != nil {
		return fmt.Errorf("declare queue %s: %w", s.DeadQueue(), err)
	}
	if err := ch.QueueBind(s.DeadQueue(), s.Queue(), DeadExchange, false, nil); err != nil {
		return fmt.Errorf("bind queue %s: %w", s.DeadQueue(), err)
	}
	if _, err := ch.QueueDeclare(s.Queue(), true, false, false, false, queueArguments(s)); err != nil {
		return fmt.Errorf("declare queue %s: %w", s.Queue(), err)
	}
	if err := ch.QueueBind(s.Queue(), s.Event.RoutingKey(), s.Event.Exchange, false, nil); err != nil {
		return fmt.Errorf("bind queue %s: %w", s.Queue(), err)
	}
	return nil
}

// Missing returns the names of the exchanges and queues that the broker does not have, by passive declaration.
// RabbitMQ closes the channel at each miss, so each look has a channel of its own.
func (t Topology) Missing(conn *amqp091.Connection) ([]string, error) {
	looks := map[string]func(*amqp091.Channel) error{}
	var names []string
	look := func(name string, passive func(*amqp091.Channel) error) {
		names = append(names, name)
		looks[name] = passive
	}
	for _, name := range exchanges {
		look("exchange "+name, func(ch *amqp091.Channel) error {
			return ch.ExchangeDeclarePassive(name, exchangeKind, true, false, false, false, nil)
		})
	}
	for _, s := range t.Subscriptions {
		look("queue "+s.Queue(), func(ch *amqp091.Channel) error {
			_, err := ch.QueueDeclarePassive(s.Queue(), true, false, false, false, nil)
			return err
		})
	}
	var missing []string
	for _, name := range names {
		there, err := stands(conn, looks[name])
		if err != nil {
			return nil, fmt.Errorf("look for %s: %w", name, err)
		}
		if !there {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

func stands(conn *amqp091.Connection, passive func(*amqp091.Channel) error) (bool, error) {
	ch, err := conn.Channel()
	if err != nil {
		return false, err
	}
	defer func() { _ = ch.Close() }()
	err = passive(ch)
	if replyCode(err) == amqp091.NotFound {
		return false, nil
	}
	return err == nil, err
}
