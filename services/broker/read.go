package broker

import (
	"fmt"
	"slices"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"

	"traceria/services/event"
)

// deprecatedKey is true on the send and process spans of a version that an RFC has deprecated.
const deprecatedKey = attribute.Key("traceria.event.deprecated")

// read decodes an event. It accepts all versions of the subscription's event, also those that the queue is no longer bound
// to, if the routing key is that of the event.
//
// With a CC or BCC header a service can send a copy to a routing key of another service: RabbitMQ before 4.0 checks the
// permission of the first key only. The copy still has the first key, and read rejects it.
func (s Subscription) read(d amqp091.Delivery) (event.Envelope, error) {
	e, err := event.DecodeMessage(d.ContentType, d.Headers, d.Body)
	if err != nil {
		return e, err
	}
	for _, t := range slices.Concat(s.Bound(), s.Left()) {
		if e.Metadata.EventType != t.Name || e.Metadata.Version != t.Version {
			continue
		}
		if d.Exchange == t.Exchange && d.RoutingKey != t.RoutingKey() {
			return e, fmt.Errorf("%w: published with routing key %s, want %s", event.ErrUnreadable, d.RoutingKey, t.RoutingKey())
		}
		return e, nil
	}
	return e, fmt.Errorf("%w: got %s %s, want %s", event.ErrUnreadable, e.Metadata.EventType, e.Metadata.Version, s.Event)
}
