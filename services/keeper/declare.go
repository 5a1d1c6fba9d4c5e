package keeper

import (
	"fmt"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/topology"
)

// Apply declares the topology. Applying it again changes nothing. A queue that exists with other arguments is an error
// that names it. If something was missing, Apply marks that, and a running [Run] asks the producers to publish again what
// may have been lost.
func Apply(conn *wire.Connection, t topology.Topology) error {
	whole := t.Layout()
	missing, err := broker.Missing(conn, whole)
	if err != nil {
		return err
	}
	if len(missing) == 0 {
		return declare(conn, whole)
	}
	if err := unmark(conn, markWhole); err != nil {
		return err
	}
	if err := remove(conn, t.Disproved(missing)); err != nil {
		return err
	}
	return declare(conn, whole)
}

// declare declares what the layout has, and then removes its unbound bindings: a queue that moves to another version has
// both bindings for a moment rather than none.
func declare(conn *wire.Connection, l topology.Layout) error {
	return onChannel(conn, func(ch *amqp091.Channel) error { return declareOn(ch, l) })
}

func declareOn(ch *amqp091.Channel, l topology.Layout) error {
	for _, x := range l.Exchanges {
		if err := ch.ExchangeDeclare(x.Name, x.Kind, true, false, false, false, nil); err != nil {
			return fmt.Errorf("declare %s: %w", x, err)
		}
	}
	for _, q := range l.Queues {
		if _, err := ch.QueueDeclare(q.Name, true, false, false, false, amqp091.Table(q.Arguments)); err != nil {
			return fmt.Errorf("declare %s: %w", q, err)
		}
	}
	for _, b := range l.Bindings {
		if err := ch.QueueBind(b.Queue, b.Key, b.Exchange, false, nil); err != nil {
			return fmt.Errorf("declare %s: %w", b, err)
		}
	}
	return unbind(ch, l.Unbound)
}

// remove removes bindings.
func remove(conn *wire.Connection, bindings []topology.Binding) error {
	if len(bindings) == 0 {
		return nil
	}
	return onChannel(conn, func(ch *amqp091.Channel) error { return unbind(ch, bindings) })
}

func unbind(ch *amqp091.Channel, bindings []topology.Binding) error {
	for _, b := range bindings {
		if err := ch.QueueUnbind(b.Queue, b.Key, b.Exchange, nil); err != nil {
			return fmt.Errorf("remove %s: %w", b, err)
		}
	}
	return nil
}

func onChannel(conn *wire.Connection, do func(*amqp091.Channel) error) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	return do(ch)
}
