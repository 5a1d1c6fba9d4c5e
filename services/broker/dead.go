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

// DeadCount is how many dead letters a subscription has.
type DeadCount struct {
	Queue    string `json:"queue"`
	Messages int    `json:"messages"`
}

// CountDead counts the dead letters of all subscriptions. One that the broker does not know has none.
func CountDead(conn *wire.Connection, t topology.Topology) ([]DeadCount, error) {
	l := looker{conn: conn}
	defer l.close()
	counts := make([]DeadCount, len(t.Subscriptions))
	for i, s := range t.Subscriptions {
		counts[i].Queue = s.Queue()
		found, _, err := l.queue(s.DeadQueue())
		if err != nil {
			return nil, err
		}
		counts[i].Messages = found.Messages
	}
	return counts, nil
}

const (
	// giveBackMost is how long RabbitMQ may take to have back what a closed channel held: it counts only what nobody holds.
	giveBackMost = 2 * time.Second
	// quietFor is how long a count must stay the same to be believed.
	quietFor = 300 * time.Millisecond
	// countEvery is how often it is counted meanwhile.
	countEvery = 20 * time.Millisecond
)

// ShowDead returns the oldest dead letters of a subscription, at most so many, and leaves them where they are. It returns
// when RabbitMQ has them back, so that a redrive after it finds them.
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
	return letters, nil // somebody else takes them out meanwhile
}

// take reads letters on a channel that is closed then, which gives them back. total is how many there are.
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

// ready is how many letters the dead queue has that nobody holds.
func ready(ch *amqp091.Channel, s topology.Subscription) (int, error) {
	there, err := ch.QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil)
	if err != nil {
		return 0, fmt.Errorf("look for %s: %w", s.DeadQueue(), err)
	}
	return there.Messages, nil
}

// steady is how many letters the dead queue has once that number stays the same: who has just looked at some gives them
// back late.
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
