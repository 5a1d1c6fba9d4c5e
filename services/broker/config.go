package broker

import (
	"context"
	"time"

	"traceria/services/event"
	"traceria/telemetry"
)

// Config configures the connections of one service.
type Config struct {
	// URL is the AMQP URI (https://www.rabbitmq.com/docs/uri-spec).
	URL string
	// Service is the name of the service. It names the connections on RabbitMQ's pages.
	Service string
	// Telemetry receives the spans, metrics and log lines.
	Telemetry *telemetry.Telemetry
	// ConfirmTimeout limits the wait for the confirm of a message. 0 means 30 s.
	ConfirmTimeout time.Duration
	// Choices, if set, returns the forms in which events are written and read. It is called for each event.
	Choices func(ctx context.Context) event.Choices
	// Seams are the places where failures are injected.
	Seams Seams
}

func (c Config) choices(ctx context.Context) event.Choices {
	if c.Choices == nil {
		return event.Choices{}
	}
	return c.Choices(ctx)
}

const defaultConfirmTimeout = 30 * time.Second
