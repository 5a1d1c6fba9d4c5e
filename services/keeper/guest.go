package keeper

import (
	"errors"
	"fmt"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/wire"
	"traceria/services/topology"
)

// Join declares the exchanges, queues and bindings of a guest. No producer is asked for earlier events.
func Join(conn *wire.Connection, guest topology.Layout) error { return declare(conn, guest) }

// Leave deletes the exchanges and queues of a guest, with the messages in them.
func Leave(conn *wire.Connection, guest topology.Layout) error {
	return onChannel(conn, func(ch *amqp091.Channel) error {
		var wrong []error
		for _, q := range guest.Queues {
			if _, err := ch.QueueDelete(q.Name, false, false, false); err != nil {
				wrong = append(wrong, fmt.Errorf("delete %s: %w", q, err))
			}
		}
		for _, x := range guest.Exchanges {
			if err := ch.ExchangeDelete(x.Name, false, false); err != nil {
				wrong = append(wrong, fmt.Errorf("delete %s: %w", x, err))
			}
		}
		return errors.Join(wrong...)
	})
}
