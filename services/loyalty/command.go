package loyalty

import (
	"net/http"
	"time"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// earnRequest is the body of POST /loyalty.
type earnRequest struct {
	OrderID    string       `json:"orderId"`
	CustomerID string       `json:"customerId"`
	OrderValue *event.Money `json:"orderValue"`
}

// earnNow is the command Earn Points for the experiment integration. It publishes no event. The points of an order are earned
// once, even if the request is repeated.
func (p *points) earnNow(w http.ResponseWriter, r *http.Request) error {
	wanted, err := host.ReadJSON[earnRequest](w, r)
	if err != nil {
		return err
	}
	if err := host.CheckID("orderId", wanted.OrderID); err != nil {
		return err
	}
	if err := host.CheckID("customerId", wanted.CustomerID); err != nil {
		return err
	}
	if wanted.OrderValue == nil || wanted.OrderValue.Value.IsNegative() {
		return host.Invalid("orderValue", "want a value of 0 or more and a currency")
	}
	ctx := telemetry.WithConversation(r.Context(), wanted.OrderID)
	earned := pointsFor(wanted.OrderValue.Value)
	if err := p.DB.Do(ctx, func(tx *store.Tx) error {
		first, err := earn(ctx, tx, wanted.OrderID, wanted.CustomerID, earned, time.Now())
		if first {
			tx.Committed(func() { p.total.add(ctx, earned, earnedPoints) })
		}
		return err
	}); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, map[string]any{"orderId": wanted.OrderID, "points": earned})
}
