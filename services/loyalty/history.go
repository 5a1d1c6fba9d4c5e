package loyalty

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"traceria/services/event"
	"traceria/services/host"
)

// entry is a line of a customer's history.
type entry struct {
	Event   string `json:"event"`
	OrderID string `json:"orderId"`
	Points  int    `json:"points"`
	// At is the time at which the order was confirmed or cancelled, so that the history does not depend on the order of arrival.
	At time.Time `json:"at"`
}

// get answers the points of a customer. An unknown customer has none.
func (p *points) get(w http.ResponseWriter, r *http.Request) error {
	customer := r.PathValue("customerId")
	if err := host.CheckID("customerId", customer); err != nil {
		return err
	}
	history, err := p.history(r.Context(), customer)
	if err != nil {
		return err
	}
	total := 0
	for _, line := range history {
		total += line.Points
	}
	return host.WriteJSON(w, http.StatusOK, map[string]any{"customerId": customer, "points": total, "history": history})
}

// history returns the entries of a customer, the oldest first.
func (p *points) history(ctx context.Context, customer string) ([]entry, error) {
	rows, err := p.DB.QueryContext(ctx, `SELECT order_id, points, earned_at, cancelled, reversed_at FROM points
		WHERE customer_id = $1 AND points IS NOT NULL ORDER BY earned_at, order_id`, customer)
	if err != nil {
		return nil, fmt.Errorf("read the points: %w", err)
	}
	defer func() { _ = rows.Close() }()
	history := []entry{}
	for rows.Next() {
		var order string
		var n int
		var earned, reversed int64
		var cancelled bool
		if err := rows.Scan(&order, &n, &earned, &cancelled, &reversed); err != nil {
			return nil, fmt.Errorf("read the points: %w", err)
		}
		history = append(history, entry{event.LoyaltyPointsEarnedV1.Name, order, n, time.Unix(0, earned).UTC()})
		if cancelled {
			history = append(history, entry{event.LoyaltyPointsReversedV1.Name, order, -n, time.Unix(0, max(earned, reversed)).UTC()})
		}
	}
	slices.SortStableFunc(history, func(a, b entry) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return history, rows.Err()
}
