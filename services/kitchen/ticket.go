package kitchen

import (
	"context"
	"encoding/json"
	"fmt"

	"traceria/services/event"
	"traceria/services/failure/inject"
	"traceria/services/store"
)

// stage is how far a ticket has come. It only grows. That the order was cancelled is not a stage but a fact beside it,
// which wins: a ticket may be struck off before it is opened, while it is cooked, and when all is done.
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

// onConfirmed opens a ticket, and tells the kitchen so by a private event: what happens behind the pass is
// nobody else's business, and may change without asking them. Of an order that is cancelled already only its details are
// noted: nobody is to cook it.
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

// note writes down what was ordered. A ticket is as old as its order's confirmation, not as the event's way here: the
// list has the same order whichever event comes first.
func note(ctx context.Context, tx *store.Tx, order event.OrderConfirmed, at event.Date) error {
	items, err := json.Marshal(order.Items)
	if err != nil {
		return fmt.Errorf("write the items: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE tickets SET order_number = $1, items = $2, opened_at = $3 WHERE order_id = $4`,
		order.OrderNumber, string(items), at.UnixNano(), order.OrderID); err != nil {
		return fmt.Errorf("note the order: %w", err)
	}
	return nil
}

// onCancelled strikes the ticket off, even one that is yet to be opened.
func (k *kitchen) onCancelled(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCancelled](e)
	if err != nil {
		return err
	}
	return k.DB.Once(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO tickets (order_id, cancelled) VALUES ($1, TRUE)
			ON CONFLICT (order_id) DO UPDATE SET cancelled = TRUE`, fact.OrderID); err != nil {
			return fmt.Errorf("strike off the ticket: %w", err)
		}
		return nil
	})
}

// allOfThem is how many pieces "all of them" is when the event does not say: the largest batch on any menu that the
// kitchen has seen, as it must not begin what it cannot finish. The order service's events do say (event.Item).
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

// know makes sure that there is a row, and reads it: whichever event comes first leaves what it knows in it.
func know(ctx context.Context, tx *store.Tx, orderID string) (ticket, error) {
	var t ticket
	if _, err := tx.ExecContext(ctx, `INSERT INTO tickets (order_id) VALUES ($1) ON CONFLICT DO NOTHING`, orderID); err != nil {
		return t, fmt.Errorf("note the order: %w", err)
	}
	err := tx.QueryRowContext(ctx, `SELECT stage, cancelled FROM tickets WHERE order_id = $1`, orderID).Scan(&t.stage, &t.cancelled)
	if err != nil {
		return t, fmt.Errorf("read the ticket: %w", err)
	}
	return t, nil
}

// advance moves a ticket to a stage and says so, unless it was there before or there is nothing to say.
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
