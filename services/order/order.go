package order

import (
	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/host"
)

// Name is the service's name.
const Name = "order"

// Service describes the order service to whoever runs it.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "takes orders and tells their story", Schema: schema, Describe: &orders{},
		New: func(h *host.Host) (host.App, error) { return &orders{Host: h}, nil },
	}
}

// orders is the running service.
type orders struct{ *host.Host }

const schema = `
CREATE TABLE IF NOT EXISTS orders (
	seq             INTEGER PRIMARY KEY AUTOINCREMENT,
	id              TEXT NOT NULL UNIQUE,
	customer_id     TEXT NOT NULL,
	value_pence     INTEGER NOT NULL,
	items           TEXT NOT NULL,
	address         TEXT NOT NULL,
	address_id      TEXT NOT NULL,
	trace_id        TEXT NOT NULL,
	created_at      INTEGER NOT NULL,
	progress        INTEGER NOT NULL DEFAULT 0,
	idempotency_key TEXT UNIQUE,
	request_digest  TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS timeline (
	event_id TEXT PRIMARY KEY,
	order_id TEXT NOT NULL,
	event    TEXT NOT NULL,
	version  TEXT NOT NULL,
	at       INTEGER NOT NULL,
	service  TEXT NOT NULL,
	progress INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS timeline_order ON timeline (order_id);
`

// Routes implements host.App.
func (o *orders) Routes(r *host.Routes) {
	r.Query("GET /menu", o.getMenu)
	r.Command("POST /order", o.submit)
	r.Command("POST /order/{id}/cancel", o.cancel)
	r.Query("GET /order/{id}", o.get)
	r.Query("GET /order", o.list)
}

// Subscriptions implements host.App.
func (o *orders) Subscriptions() []broker.Subscription {
	subscriptions := []broker.Subscription{
		{Subscriber: Name, Event: event.OrderCreatedV1, Handle: o.onCreated},
		{Subscriber: Name, Event: event.OrderRejectedV1, Handle: o.onRejected},
	}
	for _, reported := range []event.Type{
		event.OrderPreparingV1, event.OrderBoxedV1, event.DeliveryNotificationSentV1, event.OrderDeliveredV1,
		event.LoyaltyPointsEarnedV1, event.LoyaltyPointsReversedV1,
	} {
		subscriptions = append(subscriptions, broker.Subscription{Subscriber: Name, Event: reported, Handle: o.onReported})
	}
	return subscriptions
}
