package broker

import (
	"fmt"
	"slices"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"

	"traceria/services/event"
)

// deprecatedKey is true on the send and process spans of a version whose end an RFC has announced.
const deprecatedKey = attribute.Key("traceria.event.deprecated")

// read reads an event and checks that it is what the subscription is about, in any of its versions, whatever its routing
// key said, and that it was published as such. What was in the queue when it was unbound from a version is still read.
//
// With a CC or BCC header a service can send a copy to a routing key that is not its own: RabbitMQ before 4.0 checks the
// permission for the first key only. The copy keeps that first key, and is known by it.
func (s Subscription) read(d amqp091.Delivery) (event.Envelope, error) {
	e, err := event.DecodeAs(d.ContentType, d.Body)
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
