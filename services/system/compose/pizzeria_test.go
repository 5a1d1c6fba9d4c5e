package compose

import (
	"traceria/services/broker"
	"traceria/services/console"
	"traceria/services/delivery"
	"traceria/services/host"
	"traceria/services/kitchen"
	"traceria/services/loyalty"
	"traceria/services/order"
	"traceria/services/staff"
)

func services() []host.Service {
	return []host.Service{order.Service(), kitchen.Service(), delivery.Service(), loyalty.Service(), staff.Service()}
}

func everything() []host.Service { return append(services(), console.Service()) }

func known() broker.Topology {
	var t broker.Topology
	for _, service := range services() {
		t.Subscriptions = append(t.Subscriptions, service.Describe(host.NewEnv(nil)).Subscriptions()...)
	}
	return t
}
