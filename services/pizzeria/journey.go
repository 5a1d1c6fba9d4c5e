package pizzeria

import (
	"context"

	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// JourneySources returns the sources of a [journey.Watch]: the order service, Jaeger, RabbitMQ and every service of the
// configuration. The caller must call done.
func JourneySources(config host.Config) (sources journey.Sources, done func()) {
	rabbitMQ := journey.NewRabbitMQ(config.AMQPURL)
	sources = journeySources(config)
	sources.Broker = rabbitMQ
	return sources, rabbitMQ.Close
}

// journeySources returns the sources without RabbitMQ.
func journeySources(config host.Config) journey.Sources {
	return journey.Sources{
		Order:    orderclient.New(config.URLs["order"]).Get,
		Spans:    tracetree.NewJaeger(config.JaegerURL, nil).Conversation,
		Topology: Configured(config),
		Service: func(ctx context.Context, name string) (host.Readiness, error) {
			return readinessAt(ctx, config.URLs[name])
		},
	}
}
