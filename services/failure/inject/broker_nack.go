package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
	"traceria/services/topology"
)

// brokerNack has RabbitMQ route the event to a full queue as well, which refuses it: the broker answers with a nack,
// although the others got their copy (https://www.rabbitmq.com/docs/sender-selected,
// https://www.rabbitmq.com/docs/maxlength). Jaeger shows a send with an error of type nack, and another each time that
// the outbox tries again; consumers see duplicates.
func brokerNack(_ *Injector, _ context.Context, d *departure) {
	d.markMessage(failure.BrokerNack, func(m *broker.Publishing) { m.Headers["BCC"] = []any{topology.FullKey} })
}
