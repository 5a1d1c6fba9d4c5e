package load

import (
	"context"
	"slices"
	"sort"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/wait"
)

// The intervals at which Run reads the orders that are under way: while it sends, and while it waits for the rest.
const (
	lookWhileSending = time.Second
	lookWhileWaiting = 500 * time.Millisecond
)

// follow reads the orders that are under way until ctx ends.
func (r *run) follow(ctx context.Context) {
	for wait.For(ctx, lookWhileSending) == nil {
		r.unread = r.look(ctx, r.ledger.unsettled())
	}
}

// settle waits until every order is settled, or ctx ends.
func (r *run) settle(ctx context.Context) {
	for len(r.ledger.unsettled()) > 0 {
		r.unread = r.look(ctx, r.ledger.unsettled())
		if wait.For(ctx, lookWhileWaiting) != nil {
			return
		}
	}
}

// look reads orders and all between them, page by page. A page begins at an order that is looked for, so that a lost one costs one
// request.
func (r *run) look(ctx context.Context, due []int64) error {
	for len(due) > 0 {
		page, err := r.options.Order.From(ctx, r.ledger.number(due[0]), r.options.Customer)
		if err != nil {
			return err
		}
		last := r.ledger.see(page)
		if len(page) < orderclient.Page {
			return nil
		}
		due = due[sort.Search(len(due), func(i int) bool { return due[i] > last }):]
	}
	return nil
}

func (l *ledger) number(seq int64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.orders[seq].number
}

// see updates the orders of a page, and returns the last sequence in it.
func (l *ledger) see(page []orderclient.Order) (last int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, one := range page {
		seen, err := newOrder(one, now, false)
		if err != nil {
			continue
		}
		last = max(last, seen.seq)
		if o := l.orders[seen.seq]; o != nil && o.id == one.OrderID {
			l.change(o, func() { o.see(one, now) })
		}
	}
	return last
}

// sleepUntilQuiet waits until the spans of the last orders have arrived: services export them every second, and a Collector
// passes them on within another.
func sleepUntilQuiet(ctx context.Context) error { return wait.For(ctx, quiet) }

// quiet is a little more than the time that tracetree.Quiet wants.
const quiet = 3200 * time.Millisecond

// pick returns n of the orders, spread evenly. All of them if n is [All].
func pick(orders []*order, n int) []*order {
	if n == All || n >= len(orders) {
		return slices.Clone(orders)
	}
	picked := make([]*order, n)
	for i := range picked {
		picked[i] = orders[i*len(orders)/n]
	}
	return picked
}
