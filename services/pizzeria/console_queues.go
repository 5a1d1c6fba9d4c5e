package pizzeria

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/console"
	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/topology"
	"traceria/telemetry"
)

const (
	// redriveTime limits one redrive. The letters that are left stay in the dead queue.
	redriveTime = 8 * time.Second
	// redriveMost is the number of letters that one redrive looks at.
	redriveMost = 10_000
)

// consoleBroker is the broker as the console sees it. It has the rights of the user of AMQP_URL.
type consoleBroker struct {
	config   host.Config
	tel      *telemetry.Telemetry
	topology topology.Topology
	counts   *queueCounts
	// amqp counts, and reader reads dead letters, each over a connection of its own: a look at many letters takes a while.
	amqp, reader *journey.RabbitMQ
	// letters lets in one reader of dead letters at a time: two would take letters from each other.
	letters chan struct{}
}

var (
	_ console.Queues = (*consoleBroker)(nil)
	_ journey.Broker = journeyBroker{}
)

// newConsoleBroker returns a source for the broker of the configuration. It connects at the first question. tel records the
// redrives. The caller must call close.
func newConsoleBroker(config host.Config, tel *telemetry.Telemetry) *consoleBroker {
	amqp := journey.NewRabbitMQ(config.AMQPURL)
	return &consoleBroker{
		config: config, tel: tel, topology: Configured(config), counts: newQueueCounts(config, amqp),
		amqp: amqp, reader: journey.NewRabbitMQ(config.AMQPURL), letters: make(chan struct{}, 1),
	}
}

func (b *consoleBroker) close() {
	b.counts.close()
	b.amqp.Close()
	b.reader.Close()
}

// List implements [console.Queues].
func (b *consoleBroker) List(ctx context.Context) (queues []console.Queue, remark string, err error) {
	now, err := b.counts.now(ctx)
	if err != nil {
		return nil, "", err
	}
	queues = []console.Queue{}
	var missing []string
	for _, s := range b.topology.Subscriptions {
		q := console.Queue{Queue: s.Queue(), Subscriber: s.Subscriber, Event: s.Event.Name}
		main, there := now.queues[s.Queue()]
		if !there {
			missing = append(missing, s.Queue())
		}
		q.Ready, q.Unacked, q.Consumers = main.Ready, main.Unacked, main.Consumers
		q.InPerSecond, q.OutPerSecond = main.Stats.Published.PerSecond, main.Stats.Acked.PerSecond
		for _, name := range retryQueues(s) {
			q.Retry += now.queues[name].Ready
		}
		q.Dead = now.queues[s.DeadQueue()].Ready
		queues = append(queues, q)
	}
	remarks := now.remarks
	if len(missing) > 0 {
		remarks = append(remarks, "RabbitMQ has no queue "+strings.Join(missing, ", ")+now.orHidden+": run `traceria topology apply`")
	}
	return queues, strings.Join(remarks, "; "), nil
}

// retryQueues are the names of the subscription's retry queues. Equal delays share a queue.
func retryQueues(s topology.Subscription) (names []string) {
	seen := map[time.Duration]bool{}
	for _, delay := range s.Delays() {
		if !seen[delay] {
			names = append(names, s.RetryQueue(delay))
		}
		seen[delay] = true
	}
	return names
}

// subscription finds a subscription. The error wraps [console.ErrNoQueue] and names those that there are.
func (b *consoleBroker) subscription(queue string) (topology.Subscription, error) {
	s, all, found := FindSubscription(b.topology, queue)
	if !found {
		return s, fmt.Errorf("%w: %.200q; there are %s", console.ErrNoQueue, queue, strings.Join(all, ", "))
	}
	return s, nil
}

// alone calls use while no other reader takes dead letters.
func (b *consoleBroker) alone(ctx context.Context, use func() error) error {
	select {
	case b.letters <- struct{}{}:
		defer func() { <-b.letters }()
		return use()
	case <-ctx.Done():
		return fmt.Errorf("another reader has the dead letters: %w", context.Cause(ctx))
	}
}

// dead returns the dead letters of a subscription, the oldest first.
func (b *consoleBroker) dead(ctx context.Context, s topology.Subscription, limit int) (letters []broker.Letter, err error) {
	err = b.alone(ctx, func() error {
		letters, err = b.reader.Letters(ctx, s, limit)
		return ExplainMissing(s, err)
	})
	return letters, err
}

// Redrive implements [console.Queues]. It stops after [redriveTime] and returns what it has redriven until then. The spans are those
// of the console, in the trace of each message.
func (b *consoleBroker) Redrive(ctx context.Context, queue, messageID string) (sent []broker.Redriven, err error) {
	s, err := b.subscription(queue)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, redriveTime, errRedriveTime)
	defer cancel()
	sent = []broker.Redriven{}
	left := 0
	err = b.alone(ctx, func() error {
		conn, err := wire.Dial(ctx, b.config.AMQPURL, "traceria console redrive")
		if err != nil {
			return err
		}
		late, stop := context.WithTimeout(context.WithoutCancel(ctx), redriveTime+time.Second) // a broker that hangs answers nothing
		defer stop()
		defer wire.CloseAfter(late, conn)()
		link := broker.Config{URL: b.config.AMQPURL, Service: console.Name, Telemetry: b.tel}
		which := broker.Selection{Most: redriveMost, MessageID: messageID}
		left, err = broker.Redrive(ctx, conn, link, s, which, func(one broker.Redriven) { sent = append(sent, one) })
		return ExplainMissing(s, err)
	})
	switch {
	case err != nil && errors.Is(context.Cause(ctx), errRedriveTime) && len(sent) > 0 && messageID == "":
		return sent, nil
	case err == nil && messageID != "" && len(sent) == 0:
		return sent, fmt.Errorf("%w: %s has no dead letter of message %.200q now (dead letters: %d)", console.ErrNoLetter, s.Queue(), messageID, left)
	}
	return sent, err
}

var errRedriveTime = fmt.Errorf("not finished within %s; the letters that are left stay in the dead queue", redriveTime)
