package event

import "errors"

// Outgoing is an event on its way from a service's database to the broker.
type Outgoing struct {
	Envelope Envelope
	// Context is the trace context and baggage of the request or message that caused the event
	// (telemetry.Carry): the send span becomes its child, however much later it is sent.
	Context map[string]string
	// Resent says that the broker had it before, and that somebody asked for it again.
	Resent bool
	// Injected are the names of the failures that were injected into how it is sent.
	Injected []string
}

// ErrBrokerAway is wrapped by a publish error that says nothing about the event: the connection was lost, and
// whether the broker has the event is unknown. It is sent again as soon as the broker is back.
var ErrBrokerAway = errors.New("the broker is away")

// ErrUnroutable is wrapped by a publish error of an event that the broker took and no queue wanted.
var ErrUnroutable = errors.New("no queue wants the event")

// ErrUnavailable is wrapped by an error that says nothing about the event in hand: what is needed to handle it, a
// database or a peer, is away. The event is held, and tried again when that may be back.
var ErrUnavailable = errors.New("not available at the moment")
