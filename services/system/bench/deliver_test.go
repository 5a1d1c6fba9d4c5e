package bench

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// deliverWithin is the longest wait for the deliveries after the last order.
const deliverWithin = 90 * time.Second

// awaitDelivered waits until every order is delivered and has its points. It reads the database of the order service from
// outside: a request for each order would cost CPU time in the service that is measured.
func (h *house) awaitDelivered(t *testing.T, o *offered) {
	t.Helper()
	db := h.database(t)
	began := o.first.UnixNano()
	h.Await(t, deliverWithin, "the orders are delivered", func() bool {
		var settled int
		err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM orders AS o WHERE created_at >= $1
			AND EXISTS (SELECT 1 FROM timeline WHERE order_id = o.id AND event = 'OrderDelivered')
			AND EXISTS (SELECT 1 FROM timeline WHERE order_id = o.id AND event = 'LoyaltyPointsEarned')`, began).Scan(&settled)
		if err != nil {
			t.Fatal(err)
		}
		return settled >= len(o.placed)
	})
}

// database opens the database of the order service for reading, until the test ends.
func (h *house) database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.DataOf("order"), "order.db")+"?mode=ro&_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// deliveries returns the time of each delivery by order.
func (h *house) deliveries(t *testing.T) map[string]time.Time {
	t.Helper()
	rows, err := h.database(t).QueryContext(t.Context(), `SELECT order_id, MIN(at) FROM timeline WHERE event = 'OrderDelivered' GROUP BY order_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]time.Time{}
	for rows.Next() {
		var id string
		var at int64
		if err := rows.Scan(&id, &at); err != nil {
			t.Fatal(err)
		}
		found[id] = time.Unix(0, at)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// addDeliveries counts the delivered orders and their times from the intended start.
func (f *figures) addDeliveries(o *offered, delivered map[string]time.Time) {
	var took []time.Duration
	last := o.first
	for _, one := range o.placed {
		at, ok := delivered[one.OrderID]
		if !ok {
			continue
		}
		took = append(took, at.Sub(one.meant).Round(time.Millisecond))
		if at.After(last) {
			last = at
		}
	}
	f.delivered = len(took)
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))] }
	f.p50, f.p95, f.p99 = at(0.5), at(0.95), at(0.99)
	f.perSecond = float64(len(took)) / last.Sub(o.first).Seconds()
}
