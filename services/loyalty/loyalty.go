// Package loyalty gives a customer a point for each whole pound of an order, and takes it back when the order is
// cancelled.
package loyalty

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
)

// Name is the service's name.
const Name = "loyalty"

// Service describes the loyalty service to whoever runs it.
func Service() host.Service {
	return host.Service{
		Name: Name, Title: "counts loyalty points", Schema: schema, Describe: &points{},
		New: func(h *host.Host) (host.App, error) { return &points{Host: h}, nil },
	}
}

type points struct{ *host.Host }

const schema = `
CREATE TABLE IF NOT EXISTS points (
	order_id    TEXT PRIMARY KEY,
	customer_id TEXT NOT NULL,
	points      INTEGER,
	cancelled   INTEGER NOT NULL DEFAULT 0,
	earned_at   INTEGER NOT NULL DEFAULT 0,
	reversed_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS points_customer ON points (customer_id);
`

// Routes implements host.App.
func (p *points) Routes(r *host.Routes) { r.Query("GET /loyalty/{customerId}", p.get) }

// Subscriptions implements host.App. Loyalty still takes v1 of OrderConfirmed, where the value is a bare number:
// versions run in parallel until everybody has moved.
func (p *points) Subscriptions() []broker.Subscription {
	return []broker.Subscription{
		{Subscriber: Name, Event: event.OrderConfirmedV1, Handle: p.onConfirmed},
		{Subscriber: Name, Event: event.OrderCancelledV1, Handle: p.onCancelled},
	}
}

func (p *points) onConfirmed(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderConfirmedNumber](e)
	if err != nil {
		return err
	}
	if fact.CustomerID == "" {
		return fmt.Errorf("%w: customerId is missing", event.ErrUnreadable)
	}
	earned := event.LoyaltyPoints{
		OrderID: fact.OrderID, CustomerID: fact.CustomerID, Points: int(fact.OrderValue.IntPart()),
	}
	return p.DB.Do(ctx, func(tx *store.Tx) error {
		changed, err := change(ctx, tx, `INSERT INTO points (order_id, customer_id, points, earned_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (order_id) DO UPDATE SET points = excluded.points, earned_at = excluded.earned_at
			WHERE points.points IS NULL`, fact.OrderID, fact.CustomerID, earned.Points, time.Now().UnixNano())
		if err != nil || !changed {
			return err
		}
		if err := tx.Publish(ctx, event.LoyaltyPointsEarned{LoyaltyPoints: earned}); err != nil {
			return err
		}
		return p.reverse(ctx, tx, fact.OrderID)
	})
}

func (p *points) onCancelled(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCancelled](e)
	if err != nil {
		return err
	}
	return p.DB.Do(ctx, func(tx *store.Tx) error {
		if _, err := change(ctx, tx, `INSERT INTO points (order_id, customer_id, cancelled) VALUES ($1, $2, 1)
			ON CONFLICT (order_id) DO UPDATE SET cancelled = 1`, fact.OrderID, fact.CustomerID); err != nil {
			return err
		}
		return p.reverse(ctx, tx, fact.OrderID)
	})
}

// reverse takes the points back, once, when they were earned and the order is cancelled, in whichever order the
// two became known.
func (p *points) reverse(ctx context.Context, tx *store.Tx, orderID string) error {
	changed, err := change(ctx, tx, `UPDATE points SET reversed_at = $1
		WHERE order_id = $2 AND cancelled = 1 AND points IS NOT NULL AND reversed_at = 0`, time.Now().UnixNano(), orderID)
	if err != nil || !changed {
		return err
	}
	fact := event.LoyaltyPoints{OrderID: orderID}
	if err := tx.QueryRowContext(ctx, `SELECT customer_id, points FROM points WHERE order_id = $1`, orderID).
		Scan(&fact.CustomerID, &fact.Points); err != nil {
		return fmt.Errorf("read the points: %w", err)
	}
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

// entry is a line of a customer's history.
type entry struct {
	Event   string    `json:"event"`
	OrderID string    `json:"orderId"`
	Points  int       `json:"points"`
	At      time.Time `json:"at"`
}

// get answers for any customer: one who never ordered has no points.
func (p *points) get(w http.ResponseWriter, r *http.Request) error {
	customer := r.PathValue("customerId")
	rows, err := p.DB.QueryContext(r.Context(), `SELECT order_id, points, earned_at, reversed_at FROM points
		WHERE customer_id = $1 AND points IS NOT NULL ORDER BY earned_at`, customer)
	if err != nil {
		return fmt.Errorf("read the points: %w", err)
	}
	defer func() { _ = rows.Close() }()
	total, history := 0, []entry{}
	for rows.Next() {
		var order string
		var n int
		var earned, reversed int64
		if err := rows.Scan(&order, &n, &earned, &reversed); err != nil {
			return fmt.Errorf("read the points: %w", err)
		}
		history = append(history, entry{event.LoyaltyPointsEarnedV1.Name, order, n, time.Unix(0, earned).UTC()})
		total += n
		if reversed != 0 {
			history = append(history, entry{event.LoyaltyPointsReversedV1.Name, order, -n, time.Unix(0, reversed).UTC()})
			total -= n
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the points: %w", err)
	}
	return host.WriteJSON(w, http.StatusOK, map[string]any{"customerId": customer, "points": total, "history": history})
}
