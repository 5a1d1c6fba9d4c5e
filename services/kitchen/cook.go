package kitchen

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
)

// onTicketOpened cooks a ticket. It publishes OrderPreparing, works, and publishes OrderBoxed. If the process dies in between,
// the ticket is delivered again and continues from its stage.
func (k *kitchen) onTicketOpened(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.TicketOpened](e)
	if err != nil {
		return err
	}
	wanted, err := k.begin(ctx, fact.OrderID)
	if err != nil || !wanted {
		return err
	}
	if err := host.Work(ctx, k.cookingTime); err != nil {
		return fmt.Errorf("cook: %w", err)
	}
	return k.DB.Once(ctx, func(tx *store.Tx) error {
		known, err := know(ctx, tx, fact.OrderID)
		if err != nil || known.cancelled { // during the work
			return err
		}
		return advance(ctx, tx, fact.OrderID, boxed, event.OrderBoxed{OrderID: fact.OrderID})
	})
}

// begin starts work on a ticket. wanted is false if the ticket is done already, or if the order is cancelled or rejected; the
// message is then recorded as handled.
func (k *kitchen) begin(ctx context.Context, orderID string) (wanted bool, err error) {
	err = k.DB.Do(ctx, func(tx *store.Tx) error {
		wanted = false
		if done, err := tx.Received(ctx); err != nil || done {
			return err
		}
		known, err := know(ctx, tx, orderID)
		if err != nil {
			return err
		}
		if known.cancelled || known.stage >= boxed {
			_, err := tx.Receive(ctx)
			return err
		}
		wanted = true
		return advance(ctx, tx, orderID, preparing, event.OrderPreparing{OrderID: orderID})
	})
	return wanted, err
}

// ticketView is a line of GET /tickets.
type ticketView struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	// Status is the stage of the ticket, or "cancelled".
	Status    string       `json:"status"`
	Cancelled bool         `json:"cancelled"`
	Items     []event.Item `json:"items"`
	// OpenedAt is the time at which the order was confirmed.
	OpenedAt time.Time `json:"openedAt"`
}

const listMost = 100

// list answers the latest tickets and the number of cooks. It omits orders without a confirmation, whose content is unknown.
func (k *kitchen) list(w http.ResponseWriter, r *http.Request) error {
	tickets, err := k.tickets(r.Context())
	if err != nil {
		return err
	}
	onDuty, err := k.cooks.onDuty(r.Context())
	if err != nil {
		return fmt.Errorf("count the cooks: %w", err)
	}
	return host.WriteJSON(w, http.StatusOK, map[string]any{"cooks": onDuty, "tickets": tickets})
}

func (k *kitchen) tickets(ctx context.Context) ([]ticketView, error) {
	rows, err := k.DB.QueryContext(ctx, `SELECT order_id, order_number, stage, cancelled, items, opened_at
		FROM tickets WHERE opened_at <> 0 ORDER BY opened_at DESC, order_id LIMIT $1`, listMost)
	if err != nil {
		return nil, fmt.Errorf("read the tickets: %w", err)
	}
	defer func() { _ = rows.Close() }()
	tickets := []ticketView{}
	for rows.Next() {
		var t ticketView
		var at int64
		var reached stage
		var items []byte
		if err := rows.Scan(&t.OrderID, &t.OrderNumber, &reached, &t.Cancelled, &items, &at); err != nil {
			return nil, fmt.Errorf("read a ticket: %w", err)
		}
		if err := json.Unmarshal(items, &t.Items); err != nil {
			return nil, fmt.Errorf("read the items of %s: %w", t.OrderID, err)
		}
		t.Status, t.OpenedAt = reached.String(), time.Unix(0, at).UTC()
		if t.Cancelled {
			t.Status = "cancelled"
		}
		tickets = append(tickets, t)
	}
	return tickets, rows.Err()
}
