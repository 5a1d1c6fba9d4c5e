// Package delivery drives boxed orders to their customers. It stores the address from OrderConfirmed, so it needs no call when the
// order is boxed.
package delivery

import (
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/topology"
)

// Name is the service's name.
const Name = "delivery"

// Service describes the delivery service.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "drives boxed orders to their customers", Schema: schema,
		Subscriptions: func(env *host.Env) []topology.Subscription { return subscriptions(readVersions(env)) },
		Check:         func(env *host.Env) { readDrivingTime(env); readVersions(env) },
		New: func(h *host.Host) (host.App, error) {
			return &deliveries{Host: h, drivingTime: readDrivingTime(h.Env), versions: readVersions(h.Env)}, nil
		},
	}
}

type deliveries struct {
	*host.Host
	drivingTime host.Span
	versions    []event.Type
}

// readVersions returns the versions of OrderConfirmed that delivery takes (DELIVERY_ORDER_CONFIRMED).
func readVersions(env *host.Env) []event.Type {
	return host.OrderConfirmedVersions(env, Name, event.OrderConfirmedV2)
}

// readDrivingTime returns the duration of a drive (DELIVERY_DRIVING_TIME).
func readDrivingTime(env *host.Env) host.Span {
	return env.Span("DELIVERY_DRIVING_TIME", host.Span{Least: 20 * time.Millisecond, Most: 100 * time.Millisecond})
}

const schema = `
CREATE TABLE IF NOT EXISTS addresses (
	id      TEXT PRIMARY KEY,
	address TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
	order_id    TEXT PRIMARY KEY,
	customer_id TEXT NOT NULL DEFAULT '',
	address     TEXT NOT NULL DEFAULT 'null',
	address_id  TEXT NOT NULL DEFAULT '',
	confirmed   BOOLEAN NOT NULL DEFAULT FALSE,
	boxed       BOOLEAN NOT NULL DEFAULT FALSE,
	cancelled   BOOLEAN NOT NULL DEFAULT FALSE,
	stage       BIGINT NOT NULL DEFAULT 0,
	sent_out_by TEXT NOT NULL DEFAULT ''
);
`

// Routes implements host.App.
func (d *deliveries) Routes(r *host.Routes) {
	r.Command("POST /delivery/addresses", d.addAddress)
	r.Command("POST /delivery", d.deliverNow)
	r.Query("GET /delivery/{orderId}", d.get)
}

// subscriptions are the events that delivery consumes.
func subscriptions(versions []event.Type) []topology.Subscription {
	return []topology.Subscription{
		{Subscriber: Name, Event: event.OrderConfirmedV2, Versions: versions},
		{Subscriber: Name, Event: event.OrderBoxedV1},
		{Subscriber: Name, Event: event.OrderCancelledV1},
	}
}

// Subscriptions implements host.App.
func (d *deliveries) Subscriptions() []broker.Subscription {
	return broker.Bind(subscriptions(d.versions), map[event.Type]broker.Handler{
		event.OrderConfirmedV2: d.onConfirmed,
		event.OrderBoxedV1:     d.onBoxed,
		event.OrderCancelledV1: d.onCancelled,
	})
}
