package broker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
)

// A queue that is deleted takes with it what it held, and until it stands again events go to the other subscribers only:
// they count as routed, and no mandatory flag reports it. So whoever declares it again asks the producers of its events to
// publish them again.
//
// That this is still to be done must outlive the one who does it. The memory are two empty queues, which nobody publishes
// to or consumes.
const (
	// markWhole goes when somebody declares what was missing and asks nobody: `topology apply`, or a service that may.
	markWhole = "traceria.topology.whole"
	// markAsked goes before [Topology.Watch] declares what was missing, and comes back when every producer has answered.
	// A broker whose data was wiped has neither, whatever definitions it has loaded.
	markAsked = "traceria.topology.asked"
)

// Ask asks a producer to publish again what it has published with these routing keys and longer ago than age: what came
// later found its queue. No clocks are compared, and the time that the question takes makes it ask for more. It returns
// how many events those are, or an error when the producer has not answered that it does.
type Ask func(ctx context.Context, producer string, keys []string, age time.Duration) (events int, err error)

// Lost are the routing keys of the events that are gone, by producer, when these queues, exchanges (as
// [Topology.Missing] names them) and bindings were deleted. What waits in a retry queue and what was given up is gone with
// its queue; and when an exchange comes back, its bindings come one after the other. Nothing is lost with a binding of
// retries or dead letters: what does not arrive there stays where it was.
func (t Topology) Lost(missing []string) map[string][]string {
	lost := map[string][]string{}
	for _, s := range t.Subscriptions {
		names := []string{"queue " + s.Queue(), "queue " + s.DeadQueue()}
		for _, delay := range s.delays() {
			names = append(names, "queue "+s.RetryQueue(delay))
		}
		for _, typ := range s.Bound() {
			isLost := func(name string) bool { return slices.Contains(missing, name) }
			if isLost("exchange "+typ.Exchange) || isLost(declaredBinding{typ.Exchange, typ.RoutingKey(), s.Queue()}.String()) || slices.ContainsFunc(names, isLost) {
				add(lost, typ)
			}
		}
	}
	return lost
}

// Wanted are the routing keys of all events that somebody subscribes to, by producer.
func (t Topology) Wanted() map[string][]string {
	wanted := map[string][]string{}
	for _, s := range t.Subscriptions {
		for _, typ := range s.Bound() {
			add(wanted, typ)
		}
	}
	return wanted
}

func add(to map[string][]string, typ event.Type) {
	if !slices.Contains(to[typ.Domain], typ.RoutingKey()) {
		to[typ.Domain] = append(to[typ.Domain], typ.RoutingKey())
	}
}

// unmark removes a mark, and does nothing when it is not there.
func unmark(conn *amqp091.Connection, name string) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	if _, err := ch.QueueDelete(name, false, false, false); err != nil {
		return fmt.Errorf("remove the mark %s: %w", name, err)
	}
	return nil
}

func mark(conn *amqp091.Connection, name string) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	if _, err := ch.QueueDeclare(name, true, false, false, false, nil); err != nil {
		return fmt.Errorf("declare the mark %s: %w", name, err)
	}
	return nil
}

func marked(conn *amqp091.Connection, name string) (bool, error) {
	return stands(conn, func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		return err
	})
}

// wishes are what producers are still to be asked for.
type wishes struct {
	mu   sync.Mutex
	open map[string]map[string]time.Time // by producer and routing key: until when events may have been lost
}

// add wishes for what was published until now.
func (w *wishes) add(wanted map[string][]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.open == nil {
		w.open = map[string]map[string]time.Time{}
	}
	for producer, keys := range wanted {
		if w.open[producer] == nil {
			w.open[producer] = map[string]time.Time{}
		}
		for _, key := range keys {
			w.open[producer][key] = now
		}
	}
}

// of returns a copy of what one producer is to be asked for.
func (w *wishes) of(producer string) map[string]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.open[producer])
}

// done forgets what was asked for, but for what has been wished for again since.
func (w *wishes) done(producer string, asked map[string]time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, until := range asked {
		if w.open[producer][key].Equal(until) {
			delete(w.open[producer], key)
		}
	}
	if len(w.open[producer]) == 0 {
		delete(w.open, producer)
	}
}

func (w *wishes) producers() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.open))
}

// latest is the end of the time about which the producer is asked.
func latest(wish map[string]time.Time) time.Time {
	return slices.MaxFunc(slices.Collect(maps.Values(wish)), time.Time.Compare)
}

const (
	// askEvery is how often it is looked whether there is something to ask for.
	askEvery = 100 * time.Millisecond
	// askAgainMax is the longest pause before a producer that did not answer is asked again.
	askAgainMax = 10 * time.Second
)

// run asks until ctx ends. A producer that does not answer is asked again, ever more slowly, and keeps no other from
// being asked.
func (w *wishes) run(ctx context.Context, ask Ask, say func(string)) {
	type trouble struct {
		pauses     pauses
		next, said time.Time
	}
	troubles := map[string]*trouble{}
	for ctx.Err() == nil {
		for _, producer := range w.producers() {
			was := troubles[producer]
			if was != nil && time.Now().Before(was.next) {
				continue
			}
			wish := w.of(producer)
			events, err := ask(ctx, producer, slices.Sorted(maps.Keys(wish)), time.Since(latest(wish)))
			if err == nil {
				w.done(producer, wish)
				delete(troubles, producer)
				say(fmt.Sprintf("%s publishes again what it published as %q: %d events", producer, slices.Sorted(maps.Keys(wish)), events))
				continue
			}
			if was == nil {
				was = &trouble{pauses: pauses{most: askAgainMax}}
				troubles[producer] = was
			}
			if ctx.Err() == nil && time.Since(was.said) >= sayAgain {
				was.said = time.Now()
				say(fmt.Sprintf("%s is asked to publish again what a lost queue may have held, and does not answer yet: %v", producer, err))
			}
			was.next = time.Now().Add(was.pauses.next())
		}
		wait(ctx, askEvery)
	}
}
