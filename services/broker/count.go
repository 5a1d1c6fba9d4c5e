package broker

import (
	"fmt"

	"traceria/services/broker/wire"

	"github.com/rabbitmq/amqp091-go"
)

// QueueCount is what RabbitMQ says about a queue to a client.
type QueueCount struct {
	// Ready messages are not delivered to a consumer.
	Ready     int
	Consumers int
}

// Count counts the messages and consumers of queues. It omits queues that are missing. refused are the queues that the user
// may not look at.
func Count(conn *wire.Connection, queues []string) (counts map[string]QueueCount, refused []string, err error) {
	counts = map[string]QueueCount{}
	var ch *amqp091.Channel
	defer func() {
		if ch != nil {
			_ = ch.Close()
		}
	}()
	for _, name := range queues {
		if ch == nil {
			if ch, err = conn.Channel(); err != nil {
				return nil, nil, fmt.Errorf("open a channel: %w", err)
			}
		}
		found, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		switch wire.ReplyCode(err) {
		case 0:
		case amqp091.NotFound, amqp091.AccessRefused:
			ch = nil // RabbitMQ closes the channel
			if wire.ReplyCode(err) == amqp091.AccessRefused {
				refused = append(refused, name)
			}
			continue
		default:
			return nil, nil, fmt.Errorf("look for queue %s: %w", name, err)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("look for queue %s: %w", name, err)
		}
		counts[name] = QueueCount{found.Messages, found.Consumers}
	}
	return counts, refused, nil
}
