package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/wire"
	"traceria/services/topology"
	"traceria/services/wait"
)

// DeadCount is the number of dead letters of a subscription.
type DeadCount struct {
	Queue    string `json:"queue"`
	Messages int    `json:"messages"`
}

// CountDead counts the dead letters of the subscriptions that the user may look at. A missing queue has none. Since
// RabbitMQ 4.3 a service's user may look at its own queues only.
func CountDead(conn *wire.Connection, t topology.Topology) ([]DeadCount, error) {
	l := looker{conn: conn, forgiving: true}
	defer l.close()
	counts := []DeadCount{}
	for _, s := range t.Subscriptions {
		refused := len(l.refused)
		found, _, err := l.queue(s.DeadQueue())
		if err != nil {
			return nil, err
		}
		if len(l.refused) == refused {
			counts = append(counts, DeadCount{Queue: s.Queue(), Messages: found.Messages})
		}
	}
	return counts, nil
}

const (
	// giveBackMost limits the wait until RabbitMQ has the messages of a closed channel back. It counts ready messages only.
	giveBackMost = 2 * time.Second
	// quietFor is how long a count must not change to be taken as final.
	quietFor = 300 * time.Millisecond
	// countEvery is the pause between two counts.
	countEvery = 20 * time.Millisecond
)

// ShowDead returns the oldest dead letters of a subscription, at most most. They stay in the dead queue. It waits until
// RabbitMQ has them back, so that a redrive finds them.
func ShowDead(ctx context.Context, conn *wire.Connection, s topology.Subscription, most int) ([]Letter, error) {
	letters, total, err := take(conn, s, most) //nolint:contextcheck // the spans are those of the messages
	if err != nil {
		return nil, err
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	for end := time.Now().Add(giveBackMost); ctx.Err() == nil && time.Now().Before(end); _ = wait.For(ctx, countEvery) {
		if n, err := ready(ch, s); err != nil || n >= total {
			return letters, err
		}
	}
	return letters, nil // another client takes letters out meanwhile
}

// take reads letters and returns them by closing the channel. total is the number of letters in the queue.
func take(conn *wire.Connection, s topology.Subscription, most int) (letters []Letter, total int, err error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, 0, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	letters = []Letter{}
	for len(letters) < most {
		d, there, err := ch.Get(s.DeadQueue(), false)
		if err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", s.DeadQueue(), err)
		}
		if !there {
			break
		}
		letters = append(letters, letterOf(d))
	}
	others, err := ready(ch, s)
	return letters, len(letters) + others, err
}

// ready is the number of letters in the dead queue that no client holds.
func ready(ch *amqp091.Channel, s topology.Subscription) (int, error) {
	there, err := ch.QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil)
	if err != nil {
		return 0, fmt.Errorf("look for %s: %w", s.DeadQueue(), err)
	}
	return there.Messages, nil
}

// steady is the number of letters in the dead queue when it no longer changes: letters that were shown a moment ago return
// late.
func steady(ctx context.Context, ch *amqp091.Channel, s topology.Subscription) (int, error) {
	n, err := ready(ch, s)
	since := time.Now()
	for end := since.Add(giveBackMost); err == nil && time.Since(since) < quietFor && time.Now().Before(end) && ctx.Err() == nil; {
		_ = wait.For(ctx, countEvery)
		var now int
		if now, err = ready(ch, s); now != n {
			n, since = now, time.Now()
		}
	}
	return n, err
}
