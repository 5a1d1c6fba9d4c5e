package kitchen

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"traceria/services/event"
	"traceria/services/failure/inject"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// cookRequest is the body of POST /tickets.
type cookRequest struct {
	OrderID     string       `json:"orderId"`
	OrderNumber string       `json:"orderNumber"`
	Items       []event.Item `json:"items"`
}

func (t cookRequest) check() error {
	if err := host.CheckID("orderId", t.OrderID); err != nil {
		return err
	}
	if t.OrderNumber != "" {
		if err := host.CheckLine("orderNumber", t.OrderNumber); err != nil {
			return err
		}
	}
	if len(t.Items) == 0 {
		return host.Invalid("items", "is missing; want at least one")
	}
	for i, item := range t.Items {
		if item.ItemName == "" || item.Quantity == "" {
			return host.Invalid(fmt.Sprintf("items[%d]", i), "want itemName and quantity")
		}
	}
	return nil
}

// cookNow is the command Cook Order for the experiment integration. It answers when the order is boxed and publishes no event.
// The caller's deadline may end while all cooks are busy.
func (k *kitchen) cookNow(w http.ResponseWriter, r *http.Request) error {
	wanted, err := host.ReadJSON[cookRequest](w, r)
	if err == nil {
		err = wanted.check()
	}
	if err != nil {
		return err
	}
	ctx := telemetry.WithConversation(r.Context(), wanted.OrderID)
	if err := k.openNow(ctx, wanted); err != nil {
		return err
	}
	if err := k.cooks.Acquire(ctx); err != nil {
		return fmt.Errorf("wait for a cook: %w", err)
	}
	defer k.cooks.Release()
	if err := host.Work(ctx, k.cookingTime); err != nil {
		return fmt.Errorf("cook: %w", err)
	}
	if err := k.DB.Do(ctx, func(tx *store.Tx) error { return advance(ctx, tx, wanted.OrderID, boxed, nil) }); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, map[string]string{"orderId": wanted.OrderID, "status": boxed.String()})
}

func (k *kitchen) openNow(ctx context.Context, wanted cookRequest) error {
	return k.DB.Do(ctx, func(tx *store.Tx) error {
		known, err := know(ctx, tx, wanted.OrderID)
		if err != nil {
			return err
		}
		if known.cancelled {
			return host.Conflict("order %s was cancelled", wanted.OrderID)
		}
		order := event.OrderConfirmed{OrderNumber: wanted.OrderNumber, OrderID: wanted.OrderID, Items: wanted.Items}
		if err := note(ctx, tx, order, event.Date{Time: time.Now()}); err != nil {
			return err
		}
		if pieces, dough := count(wanted.Items), inject.Dough(ctx, k.largestTicket); pieces > dough {
			return host.Conflict("%s", outOfIngredients(pieces, dough))
		}
		return advance(ctx, tx, wanted.OrderID, preparing, nil)
	})
}

func outOfIngredients(pieces, dough int) string {
	return fmt.Sprintf("out of ingredients: %s ordered, dough for %d", host.Plural(pieces, "piece", "pieces"), dough)
}
