package kitchen

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"traceria/services/event"
	"traceria/services/store"
)

// stage is how far a ticket has come. It only grows.
type stage int

const (
	unopened stage = iota // only a cancellation is known so far
	opened
	preparing
	boxed
	rejected
)

func (s stage) String() string {
	return [...]string{"unopened", "opened", "preparing", "boxed", "rejected"}[s]
}

// onConfirmed opens a ticket, and tells the kitchen so by a private event: what happens behind the pass is
// nobody else's business, and may change without asking them.
func (k *kitchen) onConfirmed(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderConfirmedMoney](e)
	if err != nil {
		return err
	}
	return k.DB.Do(ctx, func(tx *store.Tx) error {
		if err := know(ctx, tx, fact.OrderID); err != nil {
			return err
		}
		known, err := read(ctx, tx, fact.OrderID)
		if err != nil || known.stage > unopened || known.cancelled {
			return err
		}
		if pieces := count(fact.Items); pieces > k.largestTicket {
			if err := move(ctx, tx, fact.OrderID, rejected); err != nil {
				return err
			}
			return tx.Publish(ctx, event.OrderRejected{OrderID: fact.OrderID, Reason: fmt.Sprintf(
				"out of ingredients: %d pieces were ordered and there is dough for %d", pieces, k.largestTicket)})
		}
		return open(ctx, tx, fact)
	})
}

func open(ctx context.Context, tx *store.Tx, fact event.OrderConfirmedMoney) error {
	items, err := json.Marshal(fact.Items)
	if err != nil {
		return fmt.Errorf("write the items: %w", err)
	}
	if _, err := tx.ExecContext(ctx,
		`UPDATE tickets SET stage = $1, order_number = $2, items = $3, opened_at = $4 WHERE order_id = $5`,
		opened, fact.OrderNumber, string(items), time.Now().UnixNano(), fact.OrderID); err != nil {
		return fmt.Errorf("open the ticket: %w", err)
	}
	return tx.Publish(ctx, event.TicketOpened{OrderID: fact.OrderID, OrderNumber: fact.OrderNumber, Items: fact.Items})
}

// onCancelled strikes the ticket off, even one that is yet to be opened.
func (k *kitchen) onCancelled(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.OrderCancelled](e)
	if err != nil {
		return err
	}
	return k.DB.Do(ctx, func(tx *store.Tx) error {
		if err := know(ctx, tx, fact.OrderID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE tickets SET cancelled = 1 WHERE order_id = $1`, fact.OrderID); err != nil {
			return fmt.Errorf("strike off the ticket: %w", err)
		}
		return nil
	})
}

// pieces that "all of them" stands for here: what the oven holds.
const allOfThem = 6

func count(items []event.Item) int {
	pieces := 0
	for _, item := range items {
		pieces += item.Quantity.Count(allOfThem)
	}
	return pieces
}

type ticket struct {
	stage     stage
	cancelled bool
}

// know makes sure that there is a row: whichever event comes first leaves what it knows in it.
func know(ctx context.Context, tx *store.Tx, orderID string) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO tickets (order_id) VALUES ($1) ON CONFLICT DO NOTHING`, orderID); err != nil {
		return fmt.Errorf("note the order: %w", err)
	}
	return nil
}

func read(ctx context.Context, tx *store.Tx, orderID string) (ticket, error) {
	var t ticket
	err := tx.QueryRowContext(ctx, `SELECT stage, cancelled FROM tickets WHERE order_id = $1`, orderID).Scan(&t.stage, &t.cancelled)
	if err != nil {
		return t, fmt.Errorf("read the ticket: %w", err)
	}
	return t, nil
}

func move(ctx context.Context, tx *store.Tx, orderID string, to stage) error {
	if _, err := tx.ExecContext(ctx, `UPDATE tickets SET stage = $1 WHERE order_id = $2 AND stage < $1`, to, orderID); err != nil {
		return fmt.Errorf("move the ticket to %s: %w", to, err)
	}
	return nil
}
