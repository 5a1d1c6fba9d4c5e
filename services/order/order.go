package order

import (
	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/topology"
)

// Name is the service's name.
const Name = "order"

// Service describes the order service.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "accepts orders and reports their progress", Schema: schema,
		Subscriptions: func(*host.Env) []topology.Subscription { return subscriptions() },
		New:           func(h *host.Host) (host.App, error) { return newService(h) },
	}
}

// orders is the running service.
type orders struct {
	*host.Host
	meters
}

func newService(h *host.Host) (*orders, error) {
	o := &orders{Host: h}
	var err error
	o.meters, err = newMeters(h.Telemetry, h.DB)
	return o, err
}

// schema has two indexes for the metric of the orders by state. They are small: of the many delivered orders neither has one.
const schema = `
CREATE TABLE IF NOT EXISTS orders (
	seq             {{identity}},
	id              TEXT NOT NULL UNIQUE,
	customer_id     TEXT NOT NULL,
	value_pence     BIGINT NOT NULL,
	items           TEXT NOT NULL,
	address         TEXT NOT NULL,
	address_id      TEXT NOT NULL,
	trace_id        TEXT NOT NULL,
	created_at      BIGINT NOT NULL,
	progress        BIGINT NOT NULL DEFAULT 0,
	idempotency_key TEXT,
	request_digest  TEXT NOT NULL,
	UNIQUE (customer_id, idempotency_key)
);
CREATE INDEX IF NOT EXISTS orders_open ON orders (progress) WHERE progress < 5;
CREATE INDEX IF NOT EXISTS orders_cancelled ON orders (progress) WHERE progress = 6;
CREATE TABLE IF NOT EXISTS timeline (
	order_id TEXT NOT NULL,
	event    TEXT NOT NULL,
	event_id TEXT NOT NULL,
	version  TEXT NOT NULL,
	at       BIGINT NOT NULL,
	service  TEXT NOT NULL,
	progress BIGINT NOT NULL,
	PRIMARY KEY (order_id, event, service, event_id)
);
CREATE TABLE IF NOT EXISTS rejections (
	order_id TEXT PRIMARY KEY,
	reason   TEXT NOT NULL
);
`

// Routes implements host.App.
func (o *orders) Routes(r *host.Routes) {
	r.Query("GET /menu", o.getMenu)
	r.Command("POST /order", o.submit)
	r.Command("POST /order/{id}/cancel", o.cancel)
	r.Query("GET /order/{id}", o.get)
	r.Query("GET /order", o.list)
}

// subscriptions are the events that the order service consumes.
func subscriptions() []topology.Subscription {
	var all []topology.Subscription
	for _, t := range []event.Type{
		event.OrderCreatedV1, event.OrderRejectedV1, event.OrderPreparingV1, event.OrderBoxedV1,
		event.DeliveryNotificationSentV1, event.OrderDeliveredV1, event.LoyaltyPointsEarnedV1, event.LoyaltyPointsReversedV1,
	} {
		all = append(all, topology.Subscription{Subscriber: Name, Event: t})
	}
	return all
}

// Subscriptions implements host.App.
func (o *orders) Subscriptions() []broker.Subscription {
	return broker.Bind(subscriptions(), map[event.Type]broker.Handler{
		event.OrderCreatedV1:             o.onCreated,
		event.OrderRejectedV1:            o.onRejected,
		event.OrderPreparingV1:           reported(o, func(fact event.OrderPreparing) string { return fact.OrderID }),
		event.OrderBoxedV1:               reported(o, func(fact event.OrderBoxed) string { return fact.OrderID }),
		event.DeliveryNotificationSentV1: reported(o, func(fact event.DeliveryNotificationSent) string { return fact.OrderID }),
		event.OrderDeliveredV1:           o.onDelivered,
		event.LoyaltyPointsEarnedV1:      reported(o, func(fact event.LoyaltyPointsEarned) string { return fact.OrderID }),
		event.LoyaltyPointsReversedV1:    reported(o, func(fact event.LoyaltyPointsReversed) string { return fact.OrderID }),
	})
}
