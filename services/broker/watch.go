package broker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// watchEvery is how often [Topology.Watch] looks: a queue that somebody deleted is missed for a second.
const watchEvery = time.Second

// Watch keeps the topology standing until ctx ends: it declares what is missing, and at the start and
// after each reconnect all bindings, since a binding can be declared and not looked at. Services cannot do so, because their
// users may declare nothing.
//
// What a deleted queue held, and what came until it was declared again, it asks the producers to publish again, for as
// long as it takes; also when an earlier run ended before it had all answers, when somebody else declared what was
// missing, and when the broker's data is new. One process at a time may watch a broker in this way. Without ask nobody
// is asked.
//
// It waits for a broker that is away, for as long as it takes, and tells say what it does, and what it cannot do. It calls
// say and ask from two goroutines.
func (t Topology) Watch(ctx context.Context, url string, say func(string), ask Ask) {
	w := &watcher{topology: t, url: url, say: say, asks: ask != nil}
	if w.asks {
		var asking sync.WaitGroup
		asking.Go(func() { w.wishes.run(ctx, ask, say) })
		defer asking.Wait()
	}
	backOff := backOffFirst
	var said time.Time
	for ctx.Err() == nil {
		began := time.Now()
		err := w.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(said) >= sayAgain {
			said = time.Now()
			say(fmt.Sprintf("waiting for RabbitMQ: %v", err))
		}
		if time.Since(began) > backOffMax {
			backOff = backOffFirst
		}
		wait(ctx, jittered(backOff))
		backOff = min(2*backOff, backOffMax)
	}
}

// watcher is [Topology.Watch] at work.
type watcher struct {
	topology Topology
	url      string
	say      func(string)
	asks     bool
	wishes   wishes
	// owed says that markAsked is away because of what is in wishes.
	owed bool
	// unsure says that something was missing and may have been declared, and is not in wishes.
	unsure bool
}

// once watches for as long as one connection lasts.
func (w *watcher) once(ctx context.Context) error {
	conn, err := Dial(ctx, w.url, "traceria topology")
	if err != nil {
		return err
	}
	// A broker that is stuck must not keep it from stopping.
	closeSoon := func() { _ = conn.CloseDeadline(time.Now().Add(closeTimeout)) }
	defer closeSoon()
	defer context.AfterFunc(ctx, closeSoon)()
	missing, err := w.look(conn, true)
	if err != nil {
		return err
	}
	w.say(fmt.Sprintf("RabbitMQ at %s has the whole topology (%s)", Address(w.url), declared(missing)))
	for {
		wait(ctx, watchEvery)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		missing, err := w.look(conn, false)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			w.say(declared(missing))
		}
	}
}

// look declares what is missing and keeps the marks. It returns what was missing.
func (w *watcher) look(conn *amqp091.Connection, anyway bool) ([]string, error) {
	missing, err := w.topology.repair(conn, anyway, func() error {
		if !w.asks {
			return nil
		}
		w.unsure = true
		return unmark(conn, markAsked) // before: from here on somebody has to ask, whatever becomes of this process
	})
	if err != nil || !w.asks {
		return missing, err
	}
	if len(missing) > 0 { // after: what is published from here on reaches the queue by itself
		w.wishes.add(w.topology.Lost(missing))
		w.unsure, w.owed = false, true
	}
	return missing, w.keepMarks(conn)
}

// keepMarks asks for everything when it cannot be known what was lost, and says when all producers have answered.
func (w *watcher) keepMarks(conn *amqp091.Connection) error {
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
		w.wishes.add(w.topology.Wanted())
		w.unsure, w.owed = false, true
	}
	if w.owed && len(w.wishes.producers()) == 0 {
		if err := mark(conn, markAsked); err != nil {
			return err
		}
		w.owed = false
	}
	return nil
}

// repair declares what is missing, and all bindings when something was or in any case; before, if something was, it
// calls first. It returns what was missing. What is there is left as it is, also when an earlier release made it with
// other arguments.
func (t Topology) repair(conn *amqp091.Connection, anyway bool, first func() error) ([]string, error) {
	whole := t.layout()
	missing, err := whole.missing(conn)
	if err != nil || len(missing) == 0 && !anyway {
		return nil, err
	}
	if len(missing) > 0 {
		if err := first(); err != nil {
			return nil, err
		}
	}
	whole.exchanges = slices.DeleteFunc(whole.exchanges, func(x declaredExchange) bool { return !slices.Contains(missing, "exchange "+x.name) })
	whole.queues = slices.DeleteFunc(whole.queues, func(q declaredQueue) bool { return !slices.Contains(missing, "queue "+q.name) })
	return missing, whole.declare(conn)
}

// declared says what was missing: at most a few names, as a whole topology has dozens.
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
