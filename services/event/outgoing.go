package event

import "errors"

// Outgoing is an event on its way from a service's database to the broker.
type Outgoing struct {
	Envelope Envelope
	// Context is the trace context and baggage of the request or message that caused the event (telemetry.Carry). The send
	// span is its child, even if the event is sent much later.
	Context map[string]string
	// Resent is true if the event was published before and is published again on request.
	Resent bool
	// Injected has the keys of the failures that were injected into the sending.
	Injected []string
}

// ErrBrokerAway is wrapped by a publish error that does not concern the event: the connection was lost, and it is unknown
// whether the broker has the event. The event is sent again after the reconnect.
var ErrBrokerAway = errors.New("the broker is away")

// ErrUnroutable is wrapped by a publish error if the broker accepted the event but no queue is bound to its routing key.
var ErrUnroutable = errors.New("no queue wants the event")

// ErrUnavailable is wrapped by a handler's error that does not concern the event: a database or a peer is not available. The
// subscription holds the event and tries it again later.
var ErrUnavailable = errors.New("not available at the moment")
