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
	return onChannel(conn, func(ch *amqp091.Channel) error {
		if _, err := ch.QueueDeclare(name, true, false, false, false, nil); err != nil {
			return fmt.Errorf("declare the mark %s: %w", name, err)
		}
		return nil
	})
}

// unmark removes a mark. A mark that does not exist is no error.
func unmark(conn *wire.Connection, name string) error {
	return onChannel(conn, func(ch *amqp091.Channel) error {
		if _, err := ch.QueueDelete(name, false, false, false); err != nil {
			return fmt.Errorf("remove the mark %s: %w", name, err)
		}
		return nil
	})
}
