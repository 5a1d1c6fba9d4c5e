package kitchen

import (
	"context"
	"encoding/json"
	"fmt"

	"traceria/services/event"
	"traceria/services/failure/inject"
	"traceria/services/store"
)

// stage is the progress of a ticket. It only grows. Cancellation is a separate flag that overrides it, because an order may be
// cancelled before, during and after the work.
type stage int

const (
	unopened stage = iota
	opened
	preparing
	boxed
	rejected
)

func (s stage) String() string {
	return [...]string{"unopened", "opened", "preparing", "boxed", "rejected"}[s]
}

// onConfirmed opens a ticket and publishes it as a private event, whose form the kitchen may change alone. If the order is
// cancelled already, it only stores the content.
func (k *kitchen) onConfirmed(ctx context.Context, e event.Envelope) error {
	fact, err := event.ReadConfirmation(e)
	if err == nil {
		fact, err = k.Fill(ctx, fact)
	}
	if err != nil {
		return err
	}
	return k.DB.Once(ctx, func(tx *store.Tx) error {
		known, err := know(ctx, tx, fact.OrderID)
		if err != nil {
			return err
		}
		if err := note(ctx, tx, fact.OrderConfirmed, e.Metadata.EventDate); err != nil || known.cancelled {
			return err
		}
		if pieces, dough := count(fact.Items), inject.Dough(ctx, k.largestTicket); pieces > dough {
			return advance(ctx, tx, fact.OrderID, rejected, event.OrderRejected{
				OrderID: fact.OrderID, Reason: outOfIngredients(pieces, dough),
			})
		}
		if known.stage > unopened {
			return nil
		}
		return advance(ctx, tx, fact.OrderID, opened, event.TicketOpened{
			OrderID: fact.OrderID, OrderNumber: fact.OrderNumber, Items: fact.Items,
		})
	})
}

// note stores the content of the order. A ticket's time is that of the confirmation, so that the list does not depend on the
// order of arrival.
func note(ctx context.Context, tx *store.Tx, order event.OrderConfirmed, at event.Date) error {
	items, err := json.Marshal(order.Items)
	if err != nil {
		return fmt.Errorf("encode the items: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE tickets SET order_number = $1, items = $2, opened_at = $3 WHERE order_id = $4`,
		order.OrderNumber, string(items), at.UnixNano(), order.OrderID); err != nil {
		return fmt.Errorf("store the order: %w", err)
	}
	return nil
}

// onCancelled cancels the ticket, also one that is not opened yet.
func (k *kitchen) onCancelled(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCancelled](e)
	if err != nil {
		return err
	}
	return k.DB.Once(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO tickets (order_id, cancelled) VALUES ($1, TRUE)
			ON CONFLICT (order_id) DO UPDATE SET cancelled = TRUE`, fact.OrderID); err != nil {
			return fmt.Errorf("cancel the ticket: %w", err)
		}
		return nil
	})
}

// allOfThem is the number of pieces for "all of them" if the event lacks it: the largest batch on the menu. Events of the order
// service have the number (event.Item).
const allOfThem = 6

func count(items []event.Item) int {
	pieces := 0
	for _, item := range items {
		pieces += item.Count(allOfThem)
	}
	return pieces
}

type ticket struct {
	stage     stage
	cancelled bool
}

// know returns the ticket of an order. It inserts the row if this is the first event of the order.
func know(ctx context.Context, tx *store.Tx, orderID string) (ticket, error) {
	var t ticket
	if _, err := tx.ExecContext(ctx, `INSERT INTO tickets (order_id) VALUES ($1) ON CONFLICT DO NOTHING`, orderID); err != nil {
		return t, fmt.Errorf("store the order: %w", err)
	}
	err := tx.QueryRowContext(ctx, `SELECT stage, cancelled FROM tickets WHERE order_id = $1`, orderID).Scan(&t.stage, &t.cancelled)
	if err != nil {
		return t, fmt.Errorf("read the ticket: %w", err)
	}
	return t, nil
}

// advance moves a ticket to a stage and publishes fact, unless the ticket is there already. A nil fact is not published.
func advance(ctx context.Context, tx *store.Tx, orderID string, to stage, fact event.Payload) error {
	result, err := tx.ExecContext(ctx, `UPDATE tickets SET stage = $1 WHERE order_id = $2 AND stage < $1`, to, orderID)
	if err != nil {
		return fmt.Errorf("move the ticket to %s: %w", to, err)
	}
	if moved, err := result.RowsAffected(); err != nil || moved == 0 || fact == nil {
		return err
	}
	return tx.Publish(ctx, fact)
}
