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

// onTicketOpened is a cook at work: she says that she begins, cooks, and says that it is boxed. When the process
// dies in between, the ticket comes back and is cooked again from the stage that was reached.
func (k *kitchen) onTicketOpened(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.TicketOpened](e)
	if err != nil {
		return err
	}
	wanted, err := k.step(ctx, fact.OrderID, preparing, event.OrderPreparing{OrderID: fact.OrderID})
	if err != nil || !wanted {
		return err
	}
	if err := host.Work(ctx, k.cookingTime); err != nil {
		return fmt.Errorf("cook: %w", err)
	}
	_, err = k.step(ctx, fact.OrderID, boxed, event.OrderBoxed{OrderID: fact.OrderID})
	return err
}

// step moves a ticket to a stage and says so, unless it was there before. wanted is false when the ticket needs
// no more work: it is done, or was cancelled.
func (k *kitchen) step(ctx context.Context, orderID string, to stage, fact event.Payload) (wanted bool, err error) {
	err = k.DB.Do(ctx, func(tx *store.Tx) error {
		if err := know(ctx, tx, orderID); err != nil {
			return err
		}
		known, err := read(ctx, tx, orderID)
		if err != nil {
			return err
		}
		wanted = !known.cancelled && known.stage < boxed
		if !wanted || known.stage >= to {
			return nil
		}
		if err := move(ctx, tx, orderID, to); err != nil {
			return err
		}
		return tx.Publish(ctx, fact)
	})
	return wanted, err
}

// ticketView is a line of GET /tickets.
type ticketView struct {
	OrderID     string       `json:"orderId"`
	OrderNumber string       `json:"orderNumber"`
	Status      string       `json:"status"`
	Cancelled   bool         `json:"cancelled"`
	Items       []event.Item `json:"items"`
	OpenedAt    time.Time    `json:"openedAt"`
}

const listMost = 100

// list answers with the latest tickets and the number of cooks.
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
		FROM tickets WHERE stage > 0 ORDER BY opened_at DESC LIMIT $1`, listMost)
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
		tickets = append(tickets, t)
	}
	return tickets, rows.Err()
}
