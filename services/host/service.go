package host

import (
	"context"

	"github.com/rs/zerolog"

	"traceria/services/broker"
	"traceria/services/store"
	"traceria/services/topology"
	"traceria/telemetry"
)

// Service is one business of the pizzeria.
type Service struct {
	// Name is the subcommand and the service.name of telemetry.
	Name string
	// Title describes the service in one line of the help text.
	Title string
	// Stateless services have HTTP routes only. Their Host has no DB, and they have neither Schema nor subscriptions.
	Stateless bool
	// Schema creates the service's own tables. Its statements are idempotent.
	Schema string
	// Subscriptions returns the events that the service consumes with the configuration in env. Nil means none.
	Subscriptions func(env *Env) []topology.Subscription
	// Check reads the variables of this service only, so that a mistake is reported before anything starts.
	Check func(env *Env)
	// New builds the running service.
	New func(h *Host) (App, error)
}

// Topology returns the part of the topology that the service needs with the configuration in env.
func (s Service) Topology(env *Env) topology.Topology {
	if s.Subscriptions == nil {
		return topology.Topology{}
	}
	return topology.Topology{Subscriptions: s.Subscriptions(env)}
}

// App is a running service.
type App interface {
	// Routes adds the service's HTTP routes.
	Routes(r *Routes)
	// Subscriptions returns the service's subscriptions with their handlers.
	Subscriptions() []broker.Subscription
}

// Worker is an [App] with work of its own beside requests and events.
type Worker interface {
	// Work returns when ctx ends, which is when the service stops. The stop waits for it, at most 6.5 s.
	Work(ctx context.Context)
}

// Host holds the parts that a service is built from.
type Host struct {
	Config    Config
	Env       *Env
	Telemetry *telemetry.Telemetry
	Log       zerolog.Logger
	// DB is the service's own database, or nil for a stateless service.
	DB *store.DB
}
