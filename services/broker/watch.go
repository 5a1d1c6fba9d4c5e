package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// watchEvery is how often [Topology.Watch] looks: a queue that somebody deleted is missed for a second.
const watchEvery = time.Second

// Watch keeps the topology standing until ctx ends: it declares everything at the start and after each reconnect, since
// a binding can be declared and not looked at, and in between whatever is missing. Services cannot do so, because their
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

// repair declares everything when something is missing, or in any case, and returns what was missing.
func (t Topology) repair(conn *amqp091.Connection, anyway bool) ([]string, error) {
	missing, err := t.Missing(conn)
	if err != nil || len(missing) == 0 && !anyway {
		return nil, err
	}
	return missing, t.Apply(conn)
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
