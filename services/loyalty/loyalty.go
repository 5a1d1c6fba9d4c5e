// Package loyalty gives a customer a point for each whole pound of an order, and takes the points back if the order is cancelled.
package loyalty

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/services/topology"
)

// Name is the service's name.
const Name = "loyalty"

// pointsKey is the number of points of an order, on the process span that computes it.
const pointsKey = attribute.Key("traceria.loyalty.points")

// Service describes the loyalty service.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "counts loyalty points", Schema: schema,
		Subscriptions: func(env *host.Env) []topology.Subscription { return subscriptions(readVersions(env)) },
		Check:         func(env *host.Env) { readVersions(env) },
		New: func(h *host.Host) (host.App, error) {
			return &points{Host: h, versions: readVersions(h.Env), total: newTotal(h.Telemetry)}, nil
		},
	}
}

type points struct {
	*host.Host
	versions []event.Type
	total    total
}

// readVersions returns the versions of OrderConfirmed that loyalty takes (LOYALTY_ORDER_CONFIRMED).
func readVersions(env *host.Env) []event.Type {
	return host.OrderConfirmedVersions(env, Name, event.OrderConfirmedV1)
}

const schema = `
CREATE TABLE IF NOT EXISTS points (
	order_id    TEXT PRIMARY KEY,
	customer_id TEXT NOT NULL,
	points      BIGINT,
	cancelled   BOOLEAN NOT NULL DEFAULT FALSE,
	earned_at   BIGINT NOT NULL DEFAULT 0,
	reversed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS points_customer ON points (customer_id);
`

// Routes implements host.App.
func (p *points) Routes(r *host.Routes) {
	r.Query("GET /loyalty/{customerId}", p.get)
	r.Command("POST /loyalty", p.earnNow)
}

// subscriptions are the events that loyalty consumes. It still takes v1 of OrderConfirmed, where the value is a number:
// versions run in parallel until every consumer has moved (LOYALTY_ORDER_CONFIRMED; services/event/README.md).
func subscriptions(versions []event.Type) []topology.Subscription {
	return []topology.Subscription{
		{Subscriber: Name, Event: event.OrderConfirmedV1, Versions: versions},
		{Subscriber: Name, Event: event.OrderCancelledV1},
	}
}

// Subscriptions implements host.App.
func (p *points) Subscriptions() []broker.Subscription {
	return broker.Bind(subscriptions(p.versions), map[event.Type]broker.Handler{
		event.OrderConfirmedV1: p.onConfirmed,
		event.OrderCancelledV1: p.onCancelled,
	})
}

func (p *points) onConfirmed(ctx context.Context, e event.Envelope) error {
	fact, err := event.ReadConfirmation(e)
	if err == nil {
		fact, err = p.Fill(ctx, fact)
	}
	if err != nil {
		return err
	}
	if fact.CustomerID == "" {
		return fmt.Errorf("%w: customerId is missing", event.ErrUnreadable)
	}
	earned := event.LoyaltyPoints{OrderID: fact.OrderID, CustomerID: fact.CustomerID, Points: event.Whole(pointsFor(fact.Value))}
	trace.SpanFromContext(ctx).SetAttributes(pointsKey.Int(int(earned.Points)))
	return p.DB.Once(ctx, func(tx *store.Tx) error {
		changed, err := earn(ctx, tx, fact.OrderID, fact.CustomerID, int(earned.Points), e.Metadata.EventDate.Time)
		if err != nil || !changed {
			return err
		}
		if err := tx.Publish(ctx, event.LoyaltyPointsEarned{LoyaltyPoints: earned}); err != nil {
			return err
		}
		tx.Committed(func() { p.total.add(ctx, int(earned.Points), earnedPoints) })
		return p.reverse(ctx, tx, fact.OrderID)
	})
}

// pointsFor returns the points of an order: one for each whole pound.
func pointsFor(value event.Amount) int { return int(value.IntPart()) }

// earn stores the points of an order once. If the cancellation arrived first, the row exists already; the customer is that of the
// confirmation.
func earn(ctx context.Context, tx *store.Tx, orderID, customerID string, n int, at time.Time) (first bool, err error) {
	return change(ctx, tx, `INSERT INTO points (order_id, customer_id, points, earned_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (order_id) DO UPDATE SET customer_id = excluded.customer_id, points = excluded.points,
			earned_at = excluded.earned_at WHERE points.points IS NULL`, orderID, customerID, n, at.UnixNano())
}

func (p *points) onCancelled(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCancelled](e)
	if err != nil {
		return err
	}
	return p.DB.Once(ctx, func(tx *store.Tx) error {
		changed, err := change(ctx, tx, `INSERT INTO points (order_id, customer_id, cancelled, reversed_at) VALUES ($1, $2, TRUE, $3)
			ON CONFLICT (order_id) DO UPDATE SET cancelled = TRUE, reversed_at = excluded.reversed_at
			WHERE NOT points.cancelled`, fact.OrderID, fact.CustomerID, e.Metadata.EventDate.UnixNano())
		if err != nil || !changed {
			return err
		}
		return p.reverse(ctx, tx, fact.OrderID)
	})
}

// reverse publishes that the points are taken back if they were earned and the order is cancelled. Only the event that arrives
// last calls it, so it happens once.
func (p *points) reverse(ctx context.Context, tx *store.Tx, orderID string) error {
	fact := event.LoyaltyPoints{OrderID: orderID}
	err := tx.QueryRowContext(ctx, `SELECT customer_id, points FROM points
		WHERE order_id = $1 AND cancelled AND points IS NOT NULL`, orderID).Scan(&fact.CustomerID, &fact.Points)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the points: %w", err)
	}
	tx.Committed(func() { p.total.add(ctx, int(fact.Points), reversedPoints) })
	return tx.Publish(ctx, event.LoyaltyPointsReversed{LoyaltyPoints: fact})
}

func change(ctx context.Context, tx *store.Tx, statement string, args ...any) (changed bool, err error) {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("change the points: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
