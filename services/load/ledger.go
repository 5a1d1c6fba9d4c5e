package load

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// ledger has all orders of a run. It is safe for concurrent use.
type ledger struct {
	mu     sync.Mutex
	orders map[int64]*order // by sequence
	open   map[int64]*order // those that are not settled
	counts
	refused map[string]int // by reason
	// first and last are when the first and the last order that counts was sent.
	first, last time.Time
}

// counts are those of the orders after the warm-up.
type counts struct{ offered, placed, unsent, late, refusals, delivered int }

func newLedger() *ledger {
	return &ledger{orders: map[int64]*order{}, open: map[int64]*order{}, refused: map[string]int{}}
}

// lateAfter is the delay from which an order counts as sent late.
const lateAfter = 100 * time.Millisecond

// send counts an order that is sent now.
func (l *ledger) send(warm bool, intended time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if warm {
		return
	}
	now := time.Now()
	l.offered++
	if now.Sub(intended) > lateAfter {
		l.late++
	}
	if l.last = now; l.first.IsZero() {
		l.first = now
	}
}

// leaveOut counts an order that could not be sent in time.
func (l *ledger) leaveOut(warm bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !warm {
		l.offered++
		l.unsent++
	}
}

func (l *ledger) refuse(warm bool, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if warm {
		reason += " (warm-up)"
	} else {
		l.refusals++
	}
	l.refused[reason]++
}

func (l *ledger) add(o *order) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.orders[o.seq] = o
	if !o.warm {
		l.placed++
		if o.status == "delivered" {
			l.delivered++
		}
	}
	l.sort(o)
}

// change updates an order and the counts. The caller holds the lock.
func (l *ledger) change(o *order, update func()) {
	before := o.status == "delivered"
	update()
	after := o.status == "delivered"
	switch {
	case o.warm:
	case after && !before:
		l.delivered++
	case before && !after: // a cancellation wins
		l.delivered--
	}
	l.sort(o)
}

func (l *ledger) sort(o *order) {
	if o.settled() {
		delete(l.open, o.seq)
	} else {
		l.open[o.seq] = o
	}
}

// unsettled returns the sequences of the orders that something is still to happen to, in order.
func (l *ledger) unsettled() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.open))
}

// all returns the sequences of all orders, in order.
func (l *ledger) all() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.orders))
}

// list returns the orders in their order. It is for the end of a run, when nothing changes them.
func (l *ledger) list() []*order {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*order, 0, len(l.orders))
	for _, o := range l.orders {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b *order) int { return cmp.Compare(a.seq, b.seq) })
	return all
}
