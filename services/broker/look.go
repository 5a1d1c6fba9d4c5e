package broker

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/wire"
	"traceria/services/topology"
)

// Missing returns the names of the exchanges and queues of the layout that the broker does not have. The user must have a
// right on each of them.
func Missing(conn *wire.Connection, l topology.Layout) ([]string, error) {
	return missingOf(looker{conn: conn}, l)
}

// visiblyMissing is like [Missing] for a user who may not look at everything: what it may not look at is not missing.
func visiblyMissing(conn *wire.Connection, l topology.Layout) ([]string, error) {
	return missingOf(looker{conn: conn, forgiving: true}, l)
}

func missingOf(look looker, l topology.Layout) (missing []string, err error) {
	defer look.close()
	for _, x := range l.Exchanges {
		if _, err := look.exchange(x); err != nil {
			return nil, err
		}
	}
	for _, q := range l.Queues {
		if _, _, err := look.queue(q.Name); err != nil {
			return nil, err
		}
	}
	return look.missing, nil
}

// HasQueue reports whether the broker has the queue.
func HasQueue(conn *wire.Connection, name string) (bool, error) {
	look := looker{conn: conn}
	defer look.close()
	_, there, err := look.queue(name)
	return there, err
}

// InUse reports whether the queue has consumers or messages.
func InUse(conn *wire.Connection, name string) (bool, error) {
	look := looker{conn: conn}
	defer look.close()
	found, _, err := look.queue(name)
	return found.Consumers > 0 || found.Messages > 0, err
}

// missingError names what is missing and how to get it. It is nil when nothing is missing.
func missingError(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	return errors.New("RabbitMQ has no " + strings.Join(missing, ", ") + ": run `traceria topology apply`")
}

// looker looks for exchanges and queues by passive declaration. RabbitMQ closes the channel at each miss and each refusal:
// the next look then opens another.
type looker struct {
	conn *wire.Connection
	ch   *amqp091.Channel
	// forgiving is set for users who may not look at everything. A refusal is an error otherwise.
	forgiving        bool
	missing, refused []string
}

// exchange reports whether the broker has the exchange.
func (l *looker) exchange(x topology.Exchange) (there bool, err error) {
	return l.look(x.String(), func(ch *amqp091.Channel) error {
		return ch.ExchangeDeclarePassive(x.Name, x.Kind, true, false, false, false, nil)
	})
}

// queue returns how many messages and consumers the queue has, and whether the broker has the queue.
func (l *looker) queue(name string) (found amqp091.Queue, there bool, err error) {
	there, err = l.look(topology.Queue{Name: name}.String(), func(ch *amqp091.Channel) (err error) {
		found, err = ch.QueueDeclarePassive(name, true, false, false, false, nil)
		return err
	})
	return found, there, err
}

func (l *looker) look(name string, passive func(*amqp091.Channel) error) (there bool, err error) {
	if l.ch == nil {
		if l.ch, err = l.conn.Channel(); err != nil {
			return false, fmt.Errorf("look for %s: %w", name, err)
		}
	}
	if err = passive(l.ch); err == nil {
		return true, nil
	}
	l.close()
	switch {
	case wire.IsMissing(err):
		l.missing = append(l.missing, name)
		return false, nil
	case l.forgiving && wire.ReplyCode(err) == amqp091.AccessRefused:
		l.refused = append(l.refused, name)
		return false, nil
	default:
		return false, fmt.Errorf("look for %s: %w", name, err)
	}
}

func (l *looker) close() {
	if l.ch != nil {
		_ = l.ch.Close()
		l.ch = nil
	}
}
