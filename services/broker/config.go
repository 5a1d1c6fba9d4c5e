package broker

import (
	"context"
	"time"

	"traceria/services/event"
	"traceria/telemetry"
)

// Config is how a service reaches RabbitMQ.
type Config struct {
	// URL is the AMQP URI (https://www.rabbitmq.com/docs/uri-spec).
	URL string
	// Service names the connections, so that RabbitMQ's own pages tell them apart.
	Service string
	// Telemetry makes the spans, metrics and log lines.
	Telemetry *telemetry.Telemetry
	// ConfirmTimeout is how long a publish waits for the broker's confirm; 0 means 30 s.
	ConfirmTimeout time.Duration
	// Choices, if set, says at any time how events are written and read: it is asked for each.
	Choices func(ctx context.Context) event.Choices
	// Seams are where failures are injected.
	Seams Seams
}

func (c Config) choices(ctx context.Context) event.Choices {
	if c.Choices == nil {
		return event.Choices{}
	}
	return c.Choices(ctx)
}

const defaultConfirmTimeout = 30 * time.Second
