package pizzeria

import (
	"traceria/services/broker"
	"traceria/services/host"
)

// Known is the topology of the whole system as this process's environment has it.
func Known() broker.Topology { return topologyIn(host.NewEnv(nil)) }

// Default is the topology of a system that nobody has configured: what is made from the code must not depend on the shell
// in which somebody made it.
func Default() broker.Topology {
	return topologyIn(host.NewEnv(func(string) (string, bool) { return "", false }))
}

func topologyIn(env *host.Env) broker.Topology {
	var t broker.Topology
	for _, service := range Services() {
		t.Subscriptions = append(t.Subscriptions, service.Describe(env).Subscriptions()...)
	}
	return t
}

// Configured is the topology of the whole system with the back-off that is configured, which other queues belong to.
func Configured(config host.Config) broker.Topology {
	return broker.Topology{Subscriptions: config.BackOff.Of(Known().Subscriptions)}
}
