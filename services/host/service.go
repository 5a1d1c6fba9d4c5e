package host

import (
	"github.com/rs/zerolog"

	"traceria/services/broker"
	"traceria/services/store"
	"traceria/telemetry"
)

// Service is one business of the pizzeria.
type Service struct {
	// Name is the subcommand and the service.name.
	Name string
	// Title is what the service does, in a line, for the help text.
	Title string
	// Stateless services have neither a database nor a broker: they have HTTP routes and nothing else. Their Host has no DB,
	// and they have no Schema and no Subscriptions.
	Stateless bool
	// Schema are the service's own tables, as statements that may be run again.
	Schema string
	// Describe is only asked for its Subscriptions, before anything runs: the topology is made from them. They are those of
	// the environment that it is given.
	Describe func(env *Env) App
	// Check reads what the service alone is configured by, so that a mistake is found before anything starts.
	Check func(env *Env)
	// New makes the running service.
	New func(h *Host) (App, error)
}

// App is a service at work.
type App interface {
	// Routes adds the service's HTTP routes.
	Routes(r *Routes)
	// Subscriptions are the events that the service takes.
	Subscriptions() []broker.Subscription
}

// Host is what a service is given.
type Host struct {
	Config    Config
	Env       *Env
	Telemetry *telemetry.Telemetry
	Log       zerolog.Logger
	// DB is the service's own database; a stateless service has none.
	DB *store.DB
}
