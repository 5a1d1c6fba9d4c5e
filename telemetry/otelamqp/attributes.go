package otelamqp

import "go.opentelemetry.io/otel/attribute"

// The conventions have no attribute for the time that a message waited in a queue, nor for its attempts: these are
// our own, and for that reason not in the messaging namespace.
const (
	// QueueWaitKey is the time from sending a message to the start of its processing, in whole milliseconds. It is
	// set on the process span, at its start, when the message carries its send time.
	QueueWaitKey = attribute.Key("traceria.queue.wait_ms")
	// AttemptKey is the number of the attempt, counted from 1 (see [Attempt]). It is set on the process span at its
	// start.
	AttemptKey = attribute.Key("traceria.delivery.attempt")
)

const (
	// SentAtHeader is the default name of the header with the time of sending, an int64 of Unix nanoseconds: the
	// timestamp property of AMQP has a resolution of one second.
	SentAtHeader = "traceria-sent-at"
	// AttemptHeader is the name of the header with the attempt that a republished message is, counted from 1. A client
	// that sets it leaves out the headers whose names begin with "x-": RabbitMQ has counted the same attempts there.
	AttemptHeader = "traceria-attempt"
)
