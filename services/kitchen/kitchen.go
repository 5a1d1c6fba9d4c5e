// Package kitchen opens a ticket for each confirmed order. Its cooks work on as many tickets at once as cooks have clocked in. The
// other tickets wait in a queue, and the trace shows how long.
package kitchen

import (
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/topology"
)

// Name is the service's name.
const Name = "kitchen"

// Service describes the kitchen.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "cooks one ticket per cook at a time", Schema: schema,
		Subscriptions: func(env *host.Env) []topology.Subscription { return subscriptions(readSettings(env).versions) },
		Check:         func(env *host.Env) { readSettings(env) },
		New:           newKitchen,
	}
}

// settings are the kitchen's own configuration.
type settings struct {
	// cookingTime (KITCHEN_COOKING_TIME) is the time for one ticket.
	cookingTime host.Span
	// largestTicket (KITCHEN_LARGEST_TICKET) is the largest number of pieces in an order that the kitchen accepts.
	largestTicket int
	// versions (KITCHEN_ORDER_CONFIRMED) are the versions of OrderConfirmed that the kitchen takes.
	versions []event.Type
}

func readSettings(env *host.Env) settings {
	return settings{
		cookingTime:   env.Span("KITCHEN_COOKING_TIME", host.Span{Least: 50 * time.Millisecond, Most: 250 * time.Millisecond}),
		largestTicket: env.Int("KITCHEN_LARGEST_TICKET", 50, 1, 1_000_000),
		versions:      host.OrderConfirmedVersions(env, Name, event.OrderConfirmedV2),
	}
}

type kitchen struct {
	*host.Host
	settings
	cooks *cooks
}

func newKitchen(h *host.Host) (host.App, error) {
	return &kitchen{Host: h, settings: readSettings(h.Env), cooks: newCooks(h.DB)}, nil
}

// schema ends with the first cooks: a kitchen without any starts with two. They are inserted here because [store.Open] already
// waits for a locked database.
const schema = `
CREATE TABLE IF NOT EXISTS tickets (
	order_id     TEXT PRIMARY KEY,
	order_number TEXT NOT NULL DEFAULT '',
	items        TEXT NOT NULL DEFAULT '[]',
	stage        BIGINT NOT NULL DEFAULT 0,
	cancelled    BOOLEAN NOT NULL DEFAULT FALSE,
	opened_at    BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS cooks (
	id      TEXT PRIMARY KEY,
	on_duty BOOLEAN NOT NULL,
	at      BIGINT NOT NULL
);
INSERT INTO cooks (id, on_duty, at)
	SELECT name, TRUE, 0 FROM (SELECT 'ada' AS name UNION SELECT 'grace') AS first
	WHERE NOT EXISTS (SELECT 1 FROM cooks) ON CONFLICT DO NOTHING;
`

// Routes implements host.App.
func (k *kitchen) Routes(r *host.Routes) {
	r.Query("GET /tickets", k.list)
	r.Command("POST /tickets", k.cookNow)
}

// subscriptions are the events that the kitchen consumes.
func subscriptions(versions []event.Type) []topology.Subscription {
	return []topology.Subscription{
		{Subscriber: Name, Event: event.OrderConfirmedV2, Versions: versions},
		{Subscriber: Name, Event: event.OrderCancelledV1},
		{Subscriber: Name, Event: event.StaffMemberClockedInV1},
		{Subscriber: Name, Event: event.StaffMemberClockedOutV1},
		{Subscriber: Name, Event: event.TicketOpenedV1},
	}
}

// Subscriptions implements host.App. A ticket waits in its queue until a cook is free: the gate.
func (k *kitchen) Subscriptions() []broker.Subscription {
	bound := broker.Bind(subscriptions(k.versions), map[event.Type]broker.Handler{
		event.OrderConfirmedV2:        k.onConfirmed,
		event.OrderCancelledV1:        k.onCancelled,
		event.StaffMemberClockedInV1:  k.onClockedIn,
		event.StaffMemberClockedOutV1: k.onClockedOut,
		event.TicketOpenedV1:          k.onTicketOpened,
	})
	for i := range bound {
		if bound[i].Event == event.TicketOpenedV1 {
			bound[i].Gate = k.cooks
		}
	}
	return bound
}
