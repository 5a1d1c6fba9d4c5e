package otelamqp

import "go.opentelemetry.io/otel/attribute"

// Attributes for queue wait and attempt. The conventions define none, so these are outside the messaging namespace.
const (
	// QueueWaitKey is the time from sending a message to the start of its processing, in whole milliseconds. The
	// process span has it at its start, if the message has a send time.
	QueueWaitKey = attribute.Key("traceria.queue.wait_ms")
	// AttemptKey is the number of the attempt, counted from 1 (see [Attempt]). The process span has it at its start.
	AttemptKey = attribute.Key("traceria.delivery.attempt")
)

const (
	// SentAtHeader is the default name of the header with the send time, an int64 of Unix nanoseconds. The timestamp
	// property of AMQP has whole seconds only.
	SentAtHeader = "traceria-sent-at"
	// AttemptHeader is the name of the header with the attempt of a republished message, counted from 1. A client that
	// sets it omits the headers that begin with "x-", because RabbitMQ counted the same attempts there.
	AttemptHeader = "traceria-attempt"
)
