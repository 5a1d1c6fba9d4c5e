package keeper

import (
	"fmt"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/wire"
)

// A deleted queue loses the messages that it held, and until it is restored its events reach the other subscribers only:
// they count as routed, and the mandatory flag reports nothing. The producers must be asked to publish them again. Two
// empty queues on the broker remember that: they outlive the process that asks.
const (
	// markWhole is deleted by a program that declares what was missing and asks no producer, such as `topology apply`.
	markWhole = "traceria.topology.whole"
	// markAsked is deleted before [Run] declares what was missing, and declared when every producer has answered. A broker
	// without data has neither mark, whatever definitions it has loaded.
	markAsked = "traceria.topology.asked"
)

func marked(conn *wire.Connection, name string) (bool, error) { return broker.HasQueue(conn, name) }

func mark(conn *wire.Connection, name string) error {
	return onChannel(conn, "declare the mark "+name, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclare(name, true, false, false, false, nil)
		return err
	})
}

// unmark removes a mark. A mark that does not exist is no error.
func unmark(conn *wire.Connection, name string) error {
	return onChannel(conn, "remove the mark "+name, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDelete(name, false, false, false)
		return err
	})
}

func onChannel(conn *wire.Connection, what string, do func(*amqp091.Channel) error) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	if err := do(ch); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
