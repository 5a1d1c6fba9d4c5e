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
	looker := looker{conn: conn}
	return looker.missingOf(l)
}

func (looker *looker) missingOf(l topology.Layout) ([]string, error) {
	defer looker.close()
	for _, x := range l.Exchanges {
		if err := looker.look(x.String(), func(ch *amqp091.Channel) error {
			return ch.ExchangeDeclarePassive(x.Name, x.Kind, true, false, false, false, nil)
		}); err != nil {
			return nil, err
		}
	}
	for _, q := range l.Queues {
		if _, err := looker.queue(q.Name); err != nil {
			return nil, err
		}
	}
	return looker.missing, nil
}

// HasQueue reports whether the broker has the queue.
func HasQueue(conn *wire.Connection, name string) (bool, error) {
	looker := looker{conn: conn}
	defer looker.close()
	_, err := looker.queue(name)
	return err == nil && len(looker.missing) == 0, err
}

// InUse reports whether the queue has consumers or messages.
func InUse(conn *wire.Connection, name string) (bool, error) {
	looker := looker{conn: conn}
	defer looker.close()
	found, err := looker.queue(name)
	return found.Consumers > 0 || found.Messages > 0, err
}

// missingError names what is missing and how to get it. It is nil when nothing is missing.
func missingError(missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	return errors.New("RabbitMQ has no " + strings.Join(missing, ", ") + ": run `traceria topology apply`")
}

// looker looks for exchanges and queues by passive declaration. RabbitMQ closes the channel at each miss: the next look
// then opens another.
type looker struct {
	conn *wire.Connection
	ch   *amqp091.Channel
	// forgiving is set for a service: what its user may not look at is not missing, but unknown.
	forgiving bool
	missing   []string
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
	switch {
	case wire.IsMissing(err):
		l.missing = append(l.missing, name)
		return nil
	case l.forgiving && wire.ReplyCode(err) == amqp091.AccessRefused:
		return nil
	default:
		return fmt.Errorf("look for %s: %w", name, err)
	}
}

// queue looks for a queue and returns how many messages it holds: none when it is missing.
func (l *looker) queue(name string) (found amqp091.Queue, err error) {
	err = l.look(topology.Queue{Name: name}.String(), func(ch *amqp091.Channel) error {
		found, err = ch.QueueDeclarePassive(name, true, false, false, false, nil)
		return err
	})
	return found, err
}

func (l *looker) close() {
	if l.ch != nil {
		_ = l.ch.Close()
		l.ch = nil
	}
}
