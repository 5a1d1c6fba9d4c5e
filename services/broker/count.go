package broker

import (
	"slices"

	"traceria/services/broker/wire"
	"traceria/services/topology"
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
	l := looker{conn: conn, forgiving: true}
	defer l.close()
	counts = map[string]QueueCount{}
	for _, name := range queues {
		found, there, err := l.queue(name)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case there:
			counts[name] = QueueCount{found.Messages, found.Consumers}
		case slices.Contains(l.refused, topology.Queue{Name: name}.String()):
			refused = append(refused, name)
		}
	}
	return counts, refused, nil
}
