package kitchen

import (
	"context"
	"fmt"
	"sync"
	"time"

	"traceria/services/event"
	"traceria/services/store"
)

// cooks is the gate of the tickets' subscription. It admits as many tickets at once as there are cooks on duty in the database.
type cooks struct {
	db *store.DB

	mu      sync.Mutex
	busy    int
	changed chan struct{} // closed when a cook becomes free, clocks in or clocks out
}

func newCooks(db *store.DB) *cooks { return &cooks{db: db, changed: make(chan struct{})} }

// lookAgain is the polling interval for cooks who clocked in through another process of the kitchen.
const lookAgain = time.Second

// Acquire implements broker.Gate. It waits for a free cook.
func (c *cooks) Acquire(ctx context.Context) error {
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		onDuty, err := c.onDuty(ctx)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		c.mu.Lock()
		if err == nil && c.busy < onDuty {
			c.busy++
			c.mu.Unlock()
			return nil
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Release implements broker.Gate. The cook is free again.
func (c *cooks) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy--
	c.announce()
}

func (c *cooks) announce() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *cooks) onDuty(ctx context.Context) (int, error) {
	var n int
	err := c.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM cooks WHERE on_duty`).Scan(&n)
	return n, err
}

// clock stores that a cook clocked in or out. The later of two events about one cook wins, in any order of arrival. If both have
// the same time, clocking out wins.
func (c *cooks) clock(ctx context.Context, who event.StaffMember, onDuty bool) error {
	err := c.db.Once(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO cooks (id, on_duty, at) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET on_duty = excluded.on_duty, at = excluded.at
			WHERE excluded.at > cooks.at OR (excluded.at = cooks.at AND NOT excluded.on_duty)`,
			who.StaffMemberID, onDuty, who.At.UnixNano())
		return err
	})
	if err != nil {
		return fmt.Errorf("store that %s clocked in or out: %w", who.StaffMemberID, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.announce()
	return nil
}

func (k *kitchen) onClockedIn(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.StaffMemberClockedIn](e)
	if err != nil {
		return err
	}
	return k.cooks.clock(ctx, fact.StaffMember, true)
}

func (k *kitchen) onClockedOut(ctx context.Context, e event.Envelope) error {
	fact, err := event.Data[event.StaffMemberClockedOut](e)
	if err != nil {
		return err
	}
	return k.cooks.clock(ctx, fact.StaffMember, false)
}
