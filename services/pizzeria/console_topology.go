package pizzeria

import (
	"context"
	"slices"
	"strings"

	"traceria/services/broker/management"
	"traceria/services/console"
	"traceria/services/event"
	"traceria/services/failure/inject"
	"traceria/services/host"
	"traceria/services/keeper"
	"traceria/services/topology"
)

// presentTopology returns what the broker must have with the switches in ctx. It leaves out bindings that only remain for a while
// after a switch.
func presentTopology(ctx context.Context, config host.Config) topology.Topology {
	choices := config.Choices(ctx)
	all := slices.Clone(Configured(config).Subscriptions)
	for i, s := range all {
		if s.Event.Name == event.OrderConfirmedV1.Name {
			all[i].Versions = choices.Taken(s.Subscriber, s.Bound())
		}
		all[i].Overflow = inject.Overflow(ctx, s)
	}
	return topology.Topology{Subscriptions: all}
}

// summarize compares what the broker must have with what it has. watched reports whether a process restores what is deleted.
func summarize(ctx context.Context, api *management.Client, want topology.Topology) (summary console.TopologySummary, watched bool, err error) {
	layout := want.Layout()
	summary = console.TopologySummary{
		Exchanges: len(layout.Exchanges), Queues: len(layout.Queues), Users: len(want.Logins()), Missing: []string{},
	}
	there, err := standing(ctx, api)
	if err != nil {
		return summary, false, err
	}
	miss := func(name string) {
		if !there.has[name] {
			summary.Missing = append(summary.Missing, name)
		}
	}
	for _, x := range layout.Exchanges {
		miss(x.String())
	}
	for _, q := range layout.Queues {
		miss(q.String())
	}
	for _, b := range layout.Bindings {
		miss(b.String())
	}
	summary.Known = true
	return summary, there.watched, nil
}

// stands is what a broker has, by the names of package topology.
type stands struct {
	has     map[string]bool
	watched bool
}

// standing asks the management API for all exchanges, queues and bindings of the virtual host.
func standing(ctx context.Context, api *management.Client) (there stands, err error) {
	there.has = map[string]bool{}
	var named []struct{ Name string }
	if err := api.Get(ctx, "exchanges/"+api.VHost()+"?columns=name", &named); err != nil {
		return there, err
	}
	for _, x := range named {
		there.has[topology.Exchange{Name: x.Name}.String()] = true
	}
	named = nil
	if err := api.Get(ctx, "queues/"+api.VHost()+"?columns=name", &named); err != nil {
		return there, err
	}
	for _, q := range named {
		there.has[topology.Queue{Name: q.Name}.String()] = true
		there.watched = there.watched || strings.HasPrefix(q.Name, keeper.Witness)
	}
	var bound []struct {
		Source, Destination string
		RoutingKey          string `json:"routing_key"`
	}
	if err := api.Get(ctx, "bindings/"+api.VHost()+"?columns=source,destination,routing_key", &bound); err != nil {
		return there, err
	}
	for _, b := range bound {
		there.has[topology.Binding{Exchange: b.Source, Key: b.RoutingKey, Queue: b.Destination}.String()] = true
	}
	return there, nil
}
