package broker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// watchEvery is how often [Topology.Watch] looks: a queue that somebody deleted is missed for a second.
const watchEvery = time.Second

// Watch keeps the topology standing until ctx ends: it declares what is missing, and at the start and
// after each reconnect all bindings, since a binding can be declared and not looked at. Services cannot do so, because their
// users may declare nothing.
//
// It waits for a broker that is away, for as long as it takes, and tells say what it does, and what it cannot do.
func (t Topology) Watch(ctx context.Context, url string, say func(string)) {
	backOff := backOffFirst
	var said time.Time
	for ctx.Err() == nil {
		began := time.Now()
		err := t.watchOnce(ctx, url, say)
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

// watchOnce watches for as long as one connection lasts.
func (t Topology) watchOnce(ctx context.Context, url string, say func(string)) error {
	conn, err := Dial(ctx, url, "traceria topology")
	if err != nil {
		return err
	}
	// A broker that is stuck must not keep it from stopping.
	closeSoon := func() { _ = conn.CloseDeadline(time.Now().Add(closeTimeout)) }
	defer closeSoon()
	defer context.AfterFunc(ctx, closeSoon)()
	missing, err := t.repair(conn, true)
	if err != nil {
		return err
	}
	say(fmt.Sprintf("RabbitMQ at %s has the whole topology (%s)", Address(url), declared(missing)))
	for {
		wait(ctx, watchEvery)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		missing, err := t.repair(conn, false)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			say(declared(missing))
		}
	}
}

// repair declares what is missing, and all bindings when something was or in any case. It returns what was missing. What
// is there is left as it is, also when an earlier release made it with other arguments.
func (t Topology) repair(conn *amqp091.Connection, anyway bool) ([]string, error) {
	whole := t.layout()
	missing, err := whole.missing(conn)
	if err != nil || len(missing) == 0 && !anyway {
		return nil, err
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
