// Package console is the web interface of the system. It lists and sets the switches of failures and experiments. It
// handles no orders and needs neither a broker nor a database.
package console

import (
	"traceria/services/broker"
	"traceria/services/host"
)

// Name is the service's name.
const Name = "console"

// Service describes the console.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "lists and sets failures and experiments", Stateless: true,
		New: func(h *host.Host) (host.App, error) { return &console{Host: h}, nil },
	}
}

type console struct{ *host.Host }

// Routes implements host.App.
func (c *console) Routes(r *host.Routes) {
	r.Query("GET /api/failures", ours(c.list))
	r.Command("PUT /api/failures/{key}", ours(c.set))
	r.Command("DELETE /api/failures/{key}", ours(c.clear))
	r.Command("DELETE /api/failures", ours(c.clearAll))
}

// Subscriptions implements host.App. The console consumes no events.
func (*console) Subscriptions() []broker.Subscription { return nil }
