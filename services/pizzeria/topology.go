package pizzeria

import (
	"traceria/services/host"
	"traceria/services/topology"
)

// Known returns the topology of the whole system in the environment of this process, without the configured back-off.
func Known() topology.Topology { return topologyIn(host.NewEnv(nil)) }

// Default returns the topology without any configuration. Generated files use it: they must not depend on the environment.
func Default() topology.Topology {
	return topologyIn(host.NewEnv(func(string) (string, bool) { return "", false }))
}

func topologyIn(env *host.Env) topology.Topology {
	var t topology.Topology
	for _, service := range Services() {
		t.Subscriptions = append(t.Subscriptions, service.Topology(env).Subscriptions...)
	}
	return t
}

// Configured returns the topology with the configured back-off. Each delay has a queue of its own.
func Configured(config host.Config) topology.Topology {
	return topology.Topology{Subscriptions: config.BackOff.Of(Known().Subscriptions)}
}
