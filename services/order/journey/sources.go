package journey

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/order/orderclient"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// Sources are what a [Watch] asks. Each function is called again and again, and an error counts until the next answer.
type Sources struct {
	// Order asks the order service.
	Order func(ctx context.Context, orderID string) (orderclient.Order, error)
	// Spans reads the conversation of an order, in Jaeger for example. tracetree.ErrNotFound says that it has none.
	Spans func(ctx context.Context, orderID string) ([]tracetree.Span, error)
	// Service asks a service for its readiness. host.Readiness.Service is "" if it is not ready.
	Service func(ctx context.Context, name string) (host.Readiness, error)
	// Broker counts messages and reads dead letters.
	Broker Broker
	// Topology is what the broker has.
	Topology topology.Topology
}

// Broker is what a [Watch] asks RabbitMQ.
type Broker interface {
	// Count returns the counts of the queues. It omits queues that are missing or that the user may not look at.
	Count(ctx context.Context, queues []string) (map[string]broker.QueueCount, error)
	// Letters returns the dead letters of a subscription, at most limit, the oldest first.
	Letters(ctx context.Context, s topology.Subscription, limit int) ([]broker.Letter, error)
}

// Letter is a dead letter of an order.
type Letter struct {
	// Queue is the subscription that gave it up, and Event its name and version.
	Queue, Event  string
	Reason, Error string
	Attempts      int
	At            time.Time
}
