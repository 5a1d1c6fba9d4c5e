package keeper

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"traceria/services/broker/wire"
	"traceria/services/topology"
	"traceria/services/wait"
)

const (
	// lookEvery is how often the keeper looks for what is missing.
	lookEvery = time.Second
	// followEvery is how often it asks for the topology, which may have changed.
	followEvery = 200 * time.Millisecond
	// sayAgain is how often it repeats that a broker or a producer does not answer.
	sayAgain = time.Minute
)

// Config is what [Run] needs.
type Config struct {
	// Topology returns what must stand. It is called several times a second; its bindings may change from call to call.
	Topology func() topology.Topology
	// URL is the AMQP URL of a user who may declare.
	URL string
	// ManagementURL is the management API of the same broker. Without a user in it, the user of URL is meant, who needs the
	// tag management.
	ManagementURL string
	// Say, if set, is called with each thing that the keeper does or cannot do, from two goroutines.
	Say func(string)
	// Ask, if set, asks a producer to publish again. Without it no producer is asked.
	Ask Ask
}

// Run keeps the topology standing until ctx ends, and waits for a broker that is away.
//
// AMQP cannot say whether a binding exists: the management API can. When that cannot be used, Run declares all bindings
// every 5 s, and does not know what was lost with one.
//
// Run asks the producers to publish again what a deleted queue held, and what came until it was restored, until all of them
// have answered: also for an earlier run, for a program that restored something and asked no producer, and for a broker that
// lost its data. At most one process with Ask may run for a broker. New bindings are declared before old ones are removed.
func Run(ctx context.Context, config Config) {
	if config.Say == nil {
		config.Say = func(string) {}
	}
	w := &watcher{Config: config, bindings: newBindings(config.ManagementURL, config.URL)}
	defer w.bindings.close()
	if w.Ask != nil {
		var asking sync.WaitGroup
		asking.Go(func() { w.wishes.run(ctx, w.Ask, w.Say) })
		defer asking.Wait()
	}
	var pauses wire.Pauses
	var said time.Time
	for ctx.Err() == nil {
		began := time.Now()
		err := w.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(said) >= sayAgain {
			said = time.Now()
			w.Say(fmt.Sprintf("waiting for RabbitMQ: %v", err))
		}
		pauses.After(began)
		_ = wait.For(ctx, pauses.Next())
	}
}

// watcher is [Run] at work.
type watcher struct {
	Config
	// stands is the topology that was declared last.
	stands topology.Topology
	wishes wishes
	// owed says that markAsked is away because of what is in wishes.
	owed bool
	// unsure says that something was missing, may have been declared, and is not in wishes.
	unsure bool
	// inherited says that a watcher before this one declared something and ended before the producers were asked.
	inherited bool
	bindings  *bindings
	view      *bindingsOf // of the present connection, once it can be had
	// known is when the bindings were last seen, or declared unseen.
	known time.Time
	// blind says that the bindings cannot be seen, and that this was said.
	blind bool
}

// once watches while one connection lasts.
func (w *watcher) once(ctx context.Context) error {
	conn, err := wire.Dial(ctx, w.URL, "traceria topology")
	if err != nil {
		return err
	}
	defer wire.CloseAfter(ctx, conn)()
	w.stands = w.Topology()
	w.view, w.known = nil, time.Time{}
	if w.bindings.api.Err() == nil {
		w.known = time.Now() // RabbitMQ may open its management API a moment later
	}
	before := w.known
	missing, err := w.look(ctx, conn, true)
	if err != nil {
		return err
	}
	has := "has the whole topology"
	if w.known.Equal(before) { // the bindings follow later
		has = "has all exchanges and queues"
	}
	w.Say(fmt.Sprintf("RabbitMQ at %s %s (%s)", wire.Address(w.URL), has, declared(missing)))
	for {
		for range int(lookEvery / followEvery) {
			if err := wait.For(ctx, followEvery); err != nil {
				return err
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
			w.Say(declared(missing))
		}
	}
}

// follow declares and removes what has changed in the topology itself. It asks no producer.
func (w *watcher) follow(conn *wire.Connection) error {
	next := w.Topology()
	before, after := w.stands.Layout(), next.Layout()
	in := func(other []topology.Binding) func(topology.Binding) bool {
		return func(b topology.Binding) bool { return slices.Contains(other, b) }
	}
	change := topology.Layout{
		Queues: slices.DeleteFunc(after.Queues, func(q topology.Queue) bool {
			return slices.ContainsFunc(before.Queues, func(other topology.Queue) bool { return other.Name == q.Name })
		}),
		Bindings: slices.DeleteFunc(slices.Clone(after.Bindings), in(before.Bindings)),
		Unbound:  slices.DeleteFunc(slices.Clone(before.Bindings), in(after.Bindings)),
	}
	if len(change.Bindings)+len(change.Unbound) == 0 {
		return nil
	}
	if err := declare(conn, change); err != nil {
		return err
	}
	w.stands = next
	w.Say(fmt.Sprintf("switched: declared %q, took away %q", namesOf(change.Bindings), namesOf(change.Unbound)))
	return nil
}
