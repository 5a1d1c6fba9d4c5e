package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
	"traceria/services/topology"
)

// brokerNack adds a full queue to the event's destinations (https://www.rabbitmq.com/docs/sender-selected). RabbitMQ
// answers with a nack although the other queues have the event. Jaeger shows failed sends with error.type=nack, one per
// retry of the outbox, and duplicates at the consumers.
func brokerNack(_ *Injector, _ context.Context, d *departure) {
	d.markMessage(failure.BrokerNack, func(m *broker.Publishing) { m.Headers["BCC"] = []any{topology.FullKey} })
}
