package pizzeria

import (
	"traceria/services/host"
	"traceria/services/topology"
)

// Known is the topology of the whole system as this process's environment has it.
func Known() topology.Topology { return topologyIn(host.NewEnv(nil)) }

// Default is the topology of a system that nobody has configured: what is made from the code must not depend on the shell
// in which somebody made it.
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

// Configured is the topology of the whole system with the back-off that is configured, which other queues belong to.
func Configured(config host.Config) topology.Topology {
	return topology.Topology{Subscriptions: config.BackOff.Of(Known().Subscriptions)}
}
