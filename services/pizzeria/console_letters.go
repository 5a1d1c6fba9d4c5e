package pizzeria

import (
	"context"
	"maps"

	"traceria/services/broker"
	"traceria/services/console"
	"traceria/services/topology"
)

// Letters implements [console.Queues].
func (b *consoleBroker) Letters(ctx context.Context, queue string, limit int) ([]console.Letter, error) {
	s, err := b.subscription(queue)
	if err != nil {
		return nil, err
	}
	letters, err := b.dead(ctx, s, limit)
	return WithBodies(letters), err
}

// journeyBroker is the broker as package journey asks it.
type journeyBroker struct{ *consoleBroker }

// Letters implements [journey.Broker].
func (b journeyBroker) Letters(ctx context.Context, s topology.Subscription, limit int) ([]broker.Letter, error) {
	return b.dead(ctx, s, limit)
}

// Count implements [journey.Broker]. Since RabbitMQ 4.2.6 a user may not look at queues on which it has no right: the management
// API counts these.
func (b journeyBroker) Count(ctx context.Context, queues []string) (map[string]broker.QueueCount, error) {
	counts, err := b.amqp.Count(ctx, queues)
	if err != nil || len(counts) == len(queues) {
		return counts, err
	}
	all := maps.Clone(counts)
	if all == nil {
		all = map[string]broker.QueueCount{}
	}
	now, err := b.counts.now(ctx)
	if err != nil {
		return all, nil //nolint:nilerr // AMQP has answered
	}
	for _, name := range queues {
		if q, there := now.queues[name]; there {
			if _, known := all[name]; !known {
				all[name] = broker.QueueCount{Ready: q.Ready, Consumers: q.Consumers}
			}
		}
	}
	return all, nil
}
