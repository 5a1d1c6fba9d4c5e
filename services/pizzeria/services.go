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

// Services are the businesses of the pizzeria, in the order of an order's way.
func Services() []host.Service {
	return []host.Service{order.Service(), kitchen.Service(), delivery.Service(), loyalty.Service(), staff.Service()}
}

// All is what runs: the businesses, and the console, which takes no part in an order and is no user of the broker.
func All() []host.Service { return append(Services(), console.Service()) }
