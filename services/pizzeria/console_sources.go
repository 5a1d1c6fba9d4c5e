package pizzeria

import (
	"context"

	"traceria/services/console"
	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/telemetry/tracetree"
)

// consoleSources are what the console asks about the broker, the events and the orders.
type consoleSources struct {
	config  host.Config
	broker  *consoleBroker
	routes  *routes
	missing *missingParts
}

// newConsoleSources connects to nothing before the first question. The caller must run Work.
func newConsoleSources(h *host.Host) *consoleSources {
	broker := newConsoleBroker(h.Config, h.Telemetry)
	return &consoleSources{
		config: h.Config, broker: broker, routes: newRoutes(h.Config), missing: newMissingParts(h.Config, journeyBroker{broker}),
	}
}

// fill puts the sources into a system.
func (s *consoleSources) fill(system *console.System) {
	declared := Configured(s.config)
	system.Queues = s.broker
	system.Routing = s.routes.routing
	system.Missing = s.missing.of
	system.Ended = journey.IsDelivery
	system.Older = older(s.config)
	system.Message = sentMessage(s.config)
	system.Declared = func(m tracetree.Map) any { return Compare(m, declared) }
}

// Work waits for the end of ctx and then closes all connections.
func (s *consoleSources) Work(ctx context.Context) {
	<-ctx.Done()
	s.routes.close()
	s.broker.close()
}
