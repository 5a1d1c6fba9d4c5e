package broker

import (
	"context"
	"fmt"
	"slices"
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
	// giveBackMost limits the wait until RabbitMQ has returned messages back. It counts ready messages only.
	giveBackMost = 2 * time.Second
	// quietFor is how long a count must not change to be taken as final.
	quietFor = 300 * time.Millisecond
	// countEvery is the pause between two counts.
	countEvery = 20 * time.Millisecond
	// backEvery is the pause between two counts of returned letters, which takes no longer than a write to the disk.
	backEvery = 2 * time.Millisecond
)

// ShowDead returns the oldest dead letters of a subscription, at most most. They stay in the dead queue. It waits until
// RabbitMQ has them back, so that a redrive finds them. It reads more than it returns, because of the sequence that
// [putBack] describes.
func ShowDead(ctx context.Context, conn *wire.Connection, s topology.Subscription, most int) ([]Letter, error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	letters := []Letter{}
	var taken []uint64
	for len(taken) < max(most, orderlyMost) && ctx.Err() == nil {
		d, there, err := ch.Get(s.DeadQueue(), false)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.DeadQueue(), err)
		}
		if !there {
			break
		}
		if taken = append(taken, d.DeliveryTag); len(letters) < most {
			letters = append(letters, letterOf(d)) //nolint:contextcheck // the spans are those of the messages
		}
	}
	return letters, putBack(ctx, ch, s, taken)
}

// awaitBack waits until want letters are in the dead queue, for a moment: another client may take letters out meanwhile. It
// returns their number.
func awaitBack(ctx context.Context, ch *amqp091.Channel, s topology.Subscription, want int) (n int, err error) {
	for end := time.Now().Add(giveBackMost); ; _ = wait.For(ctx, backEvery) {
		if n, err = ready(ch, s); err != nil || n >= want || ctx.Err() != nil || !time.Now().Before(end) {
			return n, err
		}
	}
}

// orderlyMost is the number of letters in a queue up to which looking at some of them does not change their sequence.
const orderlyMost = 500

// returnedAtOnce is the number of letters that are returned before the next wait. RabbitMQ handles more than 32 commands of a
// channel in any sequence.
const returnedAtOnce = 16

// putBack returns unacked letters to the dead queue, one by one, in their sequence. A quorum queue keeps returned messages
// apart, delivers them before all others, and appends to them: the sequence stays if all that were there are returned.
// Closing the channel returns them, too, in any sequence.
func putBack(ctx context.Context, ch *amqp091.Channel, s topology.Subscription, tags []uint64) error {
	there, err := ready(ch, s)
	if err != nil {
		return err
	}
	patient := true // until another client takes letters out meanwhile
	for some := range slices.Chunk(tags, returnedAtOnce) {
		for _, tag := range some {
			if err := ch.Nack(tag, false, true); err != nil {
				return fmt.Errorf("return letters to %s: %w", s.DeadQueue(), err)
			}
		}
		if there += len(some); patient {
			n, err := awaitBack(ctx, ch, s, there)
			if err != nil {
				return err
			}
			patient = n >= there
		}
	}
	return nil
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
