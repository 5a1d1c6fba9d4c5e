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

// Watch keeps the topology standing until ctx ends: it declares what is missing. Services cannot do so, because their
// users may declare nothing.
//
// AMQP cannot tell whether a binding is there: the management API can, to a user with the tag management.
// Where it cannot be asked, or is that of another broker, all bindings are declared every 5 s, and what was lost with one
// that had been missing stays unknown: say is told so.
//
// What a deleted queue held, and what came until queue and binding were declared again, it asks the producers to publish
// again, for as long as it takes; also when an earlier run ended before it had all answers, when somebody else declared
// what was missing, and when the broker's data is new. One process at a time may watch a broker in this way. Without ask
// nobody is asked.
//
// It waits for a broker that is away, for as long as it takes, and tells say what it does, and what it cannot do. It calls
// say and ask from two goroutines.
func (t Topology) Watch(ctx context.Context, amqpURL, managementURL string, say func(string), ask Ask) {
	WatchChanging(ctx, func() Topology { return t }, amqpURL, managementURL, say, ask)
}

// WatchChanging is [Topology.Watch] of a topology whose bindings change while it is watched: now is asked several times a
// second. What it binds newly is bound first and what it leaves is unbound then, and nobody is asked to publish again.
func WatchChanging(ctx context.Context, now func() Topology, amqpURL, managementURL string, say func(string), ask Ask) {
	w := &watcher{now: now, url: amqpURL, say: say, asks: ask != nil, bindings: newBindings(managementURL, amqpURL)}
	defer w.bindings.close()
	if w.asks {
		var asking sync.WaitGroup
		asking.Go(func() { w.wishes.run(ctx, ask, say) })
		defer asking.Wait()
	}
	pauses := pauses{most: backOffMax}
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
		pauses.after(began)
		wait(ctx, pauses.next())
	}
}

// watcher is [Topology.Watch] at work.
type watcher struct {
	topology Topology
	now      func() Topology
	url      string
	say      func(string)
	asks     bool
	wishes   wishes
	// owed says that markAsked is away because of what is in wishes.
	owed bool
	// unsure says that something was missing and may have been declared, and is not in wishes.
	unsure   bool
	bindings *bindings
	view     *bindingsOf // of the connection that lasts, once it can be had
	// known is when the bindings were last seen, or declared unseen.
	known time.Time
	// blind says that they cannot be seen, and that this was said.
	blind bool
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
	w.topology = w.now()
	w.view, w.known = nil, time.Time{}
	if w.bindings.err == nil {
		w.known = time.Now() // RabbitMQ may open its management API a moment later
	}
	before := w.known
	missing, err := w.look(ctx, conn, true)
	if err != nil {
		return err
	}
	has := "has the whole topology"
	if w.known.Equal(before) { // the bindings come later
		has = "has all exchanges and queues"
	}
	w.say(fmt.Sprintf("RabbitMQ at %s %s (%s)", Address(w.url), has, declared(missing)))
	for {
		for range int(watchEvery / followEvery) {
			wait(ctx, followEvery)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := w.follow(conn); err != nil {
				return err
			}
		}
		missing, err := w.look(ctx, conn, false)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			w.say(declared(missing))
		}
	}
}

// followEvery is how soon a change of the topology itself is followed.
const followEvery = 200 * time.Millisecond

// follow binds and unbinds what has changed in the topology since the last time.
func (w *watcher) follow(conn *amqp091.Connection) error {
	next := w.now()
	was, will := w.topology.layout(), next.layout()
	before, after := was.bindings, will.bindings
	in := func(other []declaredBinding) func(declaredBinding) bool {
		return func(b declaredBinding) bool { return slices.Contains(other, b) }
	}
	change := layout{
		queues: slices.DeleteFunc(will.queues, func(q declaredQueue) bool {
			return slices.ContainsFunc(was.queues, func(other declaredQueue) bool { return other.name == q.name })
		}),
		bindings: slices.DeleteFunc(slices.Clone(after), in(before)),
		unbound:  slices.DeleteFunc(slices.Clone(before), in(after)),
	}
	if len(change.bindings)+len(change.unbound) == 0 {
		return nil
	}
	if err := change.declare(conn); err != nil {
		return err
	}
	w.topology = next
	w.say(fmt.Sprintf("switched: declared %q, took away %q", namesOf(change.bindings), namesOf(change.unbound)))
	return nil
}

// look declares what is missing and keeps the marks. It returns what was missing.
func (w *watcher) look(ctx context.Context, conn *amqp091.Connection, first bool) ([]string, error) {
	missing, err := w.repair(ctx, conn, first)
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

// repair declares what is missing, and returns it. At first it takes away the bindings that are to go. What is there is
// left as it is, also when an earlier release made it with other arguments.
func (w *watcher) repair(ctx context.Context, conn *amqp091.Connection, first bool) ([]string, error) {
	whole := w.topology.layout()
	// Bindings before what they lead to: of what is deleted in between, the bindings go and are declared with it.
	loose, seen := w.loose(ctx, conn, whole.bindings)
	missing, err := whole.missing(conn)
	if err != nil {
		return nil, err
	}
	isMissing := func(name string) bool { return slices.Contains(missing, name) }
	whole.exchanges = slices.DeleteFunc(whole.exchanges, func(x declaredExchange) bool { return !isMissing("exchange " + x.name) })
	whole.queues = slices.DeleteFunc(whole.queues, func(q declaredQueue) bool { return !isMissing("queue " + q.name) })
	whole.bindings = slices.DeleteFunc(whole.bindings, func(b declaredBinding) bool {
		return !isMissing("exchange "+b.exchange) && !isMissing("queue "+b.queue) && !slices.Contains(loose, b)
	})
	if !first {
		whole.unbound = nil
	}
	if seen {
		missing = append(missing, namesOf(loose)...)
	}
	if len(missing) > 0 && w.asks {
		w.unsure = true
		if err := unmark(conn, markAsked); err != nil { // before: from here on somebody has to ask, whatever becomes of this process
			return nil, err
		}
	}
	return missing, whole.declare(conn)
}

// declareUnseen is how often bindings are declared that cannot be seen.
const declareUnseen = 5 * time.Second

// loose are the bindings that are to be declared: those that are seen to be missing or, when they cannot be seen, all of
// them from time to time.
func (w *watcher) loose(ctx context.Context, conn *amqp091.Connection, want []declaredBinding) (loose []declaredBinding, seen bool) {
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
	if !w.blind && w.asks {
		w.blind = true
		w.say(fmt.Sprintf("cannot see whether a binding is missing (%v): all are declared every %s, and nobody is asked for what was lost with one", err, declareUnseen))
	}
	return want, false
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
