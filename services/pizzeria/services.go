// Package pizzeria is the system as a whole: its services, topology, contracts, configuration and readiness.
package pizzeria

import (
	"traceria/services/console"
	"traceria/services/delivery"
	"traceria/services/host"
	"traceria/services/kitchen"
	"traceria/services/loyalty"
	"traceria/services/order"
	"traceria/services/staff"
)

// Services returns the businesses of the pizzeria, in the sequence in which an order reaches them.
func Services() []host.Service {
	return []host.Service{order.Service(), kitchen.Service(), delivery.Service(), loyalty.Service(), staff.Service()}
}

// All returns the businesses and the console. The console does not use the broker.
func All() []host.Service { return append(Services(), console.Service(consoleSystem)) }
