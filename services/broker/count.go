package broker

import (
	"fmt"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/wire"
)

// QueueCount is what RabbitMQ tells a client about a queue.
type QueueCount struct {
	// Ready messages are not delivered to a consumer.
	Ready     int
	Consumers int
}

// Count counts the messages and consumers of queues. It omits queues that are missing. refused are the queues that the user
// may not look at.
func Count(conn *wire.Connection, queues []string) (counts map[string]QueueCount, refused []string, err error) {
	looker := looker{conn: conn}
	defer looker.close()
	counts = map[string]QueueCount{}
	for _, name := range queues {
		missing := len(looker.missing)
		found, err := looker.queue(name)
		switch {
		case wire.ReplyCode(err) == amqp091.AccessRefused:
			refused = append(refused, name)
		case err != nil:
			return nil, nil, fmt.Errorf("count messages: %w", err)
		case len(looker.missing) == missing:
			counts[name] = QueueCount{found.Messages, found.Consumers}
		}
	}
	return counts, refused, nil
}
