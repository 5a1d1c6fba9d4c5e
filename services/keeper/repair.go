package keeper

import (
	"context"
	"fmt"
	"slices"
	"time"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/topology"
)

// look declares what is missing and keeps the marks. It returns what was missing.
func (w *watcher) look(ctx context.Context, conn *wire.Connection, first bool) ([]string, error) {
	missing, err := w.repair(ctx, conn, first)
	if err != nil || w.Ask == nil {
		return missing, err
	}
	if len(missing) > 0 { // after the repair: what is published from here on reaches the queue
		w.wishes.add(w.stands.Lost(missing))
		w.unsure, w.owed = w.inherited, true
	}
	return missing, w.keepMarks(conn)
}

// keepMarks wishes for everything when it is unknown what was lost, and sets the mark when all producers have answered.
func (w *watcher) keepMarks(conn *wire.Connection) error {
	whole, err := marked(conn, markWhole)
	if err != nil {
		return err
	}
	asked, err := marked(conn, markAsked)
	if err != nil {
		return err
	}
	if !whole || w.unsure || !asked && !w.owed {
		if err := unmark(conn, markAsked); err != nil {
			return err
		}
		if err := mark(conn, markWhole); err != nil {
			return err
		}
		w.wishes.add(w.stands.Wanted())
		w.unsure, w.inherited, w.owed = false, false, true
	}
	if w.owed && len(w.wishes.producers()) == 0 {
		if err := mark(conn, markAsked); err != nil {
			return err
		}
		w.owed = false
	}
	return nil
}

// repair declares what is missing, and returns it. The first time it also removes the bindings that must go. It changes
// nothing that exists, even with other arguments than ours.
func (w *watcher) repair(ctx context.Context, conn *wire.Connection, first bool) ([]string, error) {
	whole := w.stands.Layout()
	// The bindings are looked at before the queues: when a queue is deleted in between, its bindings are declared with it.
	loose, seen := w.loose(ctx, conn, whole.Bindings)
	missing, err := broker.Missing(conn, whole)
	if err != nil {
		return nil, err
	}
	gone := missing
	if seen {
		missing = append(missing, namesOf(loose)...)
	}
	disproved := w.stands.Disproved(missing)
	change := restricted(whole, gone, append(slices.Clone(loose), disproved...))
	if first {
		change.Unbound = whole.Unbound
	}
	if len(missing) > 0 {
		if err := w.remember(conn); err != nil {
			return nil, err
		}
	}
	if err := remove(conn, disproved); err != nil {
		return nil, err
	}
	return missing, declare(conn, change)
}

// remember notes on the broker, before anything is declared, that producers must be asked: this process may end at any
// moment.
func (w *watcher) remember(conn *wire.Connection) error {
	if w.Ask == nil {
		return unmark(conn, markWhole)
	}
	asked, err := marked(conn, markAsked)
	if err != nil {
		return err
	}
	w.inherited = w.inherited || !asked && !w.owed
	w.unsure = true
	return unmark(conn, markAsked)
}

// restricted is the part of the layout that is missing, with the bindings of what is missing and those that are named.
func restricted(l topology.Layout, missing []string, named []topology.Binding) topology.Layout {
	stands := func(name string) bool { return !slices.Contains(missing, name) }
	return topology.Layout{
		Exchanges: slices.DeleteFunc(l.Exchanges, func(x topology.Exchange) bool { return stands(x.String()) }),
		Queues:    slices.DeleteFunc(l.Queues, func(q topology.Queue) bool { return stands(q.String()) }),
		Bindings: slices.DeleteFunc(l.Bindings, func(b topology.Binding) bool {
			return stands(topology.Exchange{Name: b.Exchange}.String()) && stands(topology.Queue{Name: b.Queue}.String()) &&
				!slices.Contains(named, b)
		}),
	}
}

// declareUnseen is how often bindings are declared that cannot be seen.
const declareUnseen = 5 * time.Second

// loose are the bindings to declare: those that are seen to be missing, or from time to time all of them when they cannot
// be seen.
func (w *watcher) loose(ctx context.Context, conn *wire.Connection, want []topology.Binding) (loose []topology.Binding, seen bool) {
	var err error
	if w.view == nil {
		w.view, err = w.bindings.on(conn)
	}
	if err == nil {
		loose, err = w.view.missing(ctx, want)
	}
	if err == nil {
		w.known, w.blind = time.Now(), false
		return loose, true
	}
	if ctx.Err() != nil || time.Since(w.known) < declareUnseen {
		return nil, false
	}
	w.known = time.Now()
	if !w.blind && w.Ask != nil {
		w.blind = true
		w.Say(fmt.Sprintf("cannot see whether a binding is missing (%v): all are declared every %s, and no producer is asked for what was lost with one", err, declareUnseen))
	}
	return want, false
}

// declared says what was missing. It names at most five parts: a whole topology has dozens.
func declared(missing []string) string {
	const most = 5
	switch n := len(missing); {
	case n == 0:
		return "nothing was missing"
	case n > most:
		return fmt.Sprintf("declared %q and %d more, which were missing", missing[:most], n-most)
	default:
		return fmt.Sprintf("declared %q, which were missing", missing)
	}
}
