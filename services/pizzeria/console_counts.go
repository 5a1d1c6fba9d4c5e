package pizzeria

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"traceria/services/broker/management"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/topology"
)

const (
	// countsFresh is how long counts are used again: many readers cost as much as one.
	countsFresh = 500 * time.Millisecond
	// countsTime limits one look at all queues.
	countsTime = 3 * time.Second
	// sameFor is how long the management API is taken as that of the broker without another check.
	sameFor = 15 * time.Second
)

// queueCounts counts the messages of all queues of the topology.
type queueCounts struct {
	amqpURL  string
	api      *management.Client
	amqp     *journey.RabbitMQ
	topology topology.Topology

	mu      sync.Mutex
	at      time.Time
	last    counted
	err     error
	checked time.Time // when the management API was seen to be that of the broker
}

// counted are the counts of one moment.
type counted struct {
	queues map[string]management.Queue
	// remarks say what is not known.
	remarks []string
	// orHidden says what else a queue that is not counted may be.
	orHidden string
}

func newQueueCounts(config host.Config, amqp *journey.RabbitMQ) *queueCounts {
	return &queueCounts{
		amqpURL: config.AMQPURL, api: management.New(config.ManagementURL, config.AMQPURL), amqp: amqp, topology: Configured(config),
	}
}

func (c *queueCounts) close() { c.api.Close() }

// now returns the counts, which are at most [countsFresh] old. AMQP counts what is ready: RabbitMQ measures quorum queues for the
// management API every 5 s only. The API adds unacked messages, rates, and the queues that the user may not look at by AMQP. If it
// cannot be used, a remark says what is not known.
func (c *queueCounts) now(ctx context.Context) (counted, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) < countsFresh {
		return c.last, c.err
	}
	// A reader that goes away must not spoil the counts of the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countsTime)
	defer cancel()
	c.last, c.err = c.look(ctx)
	c.at = time.Now()
	return c.last, c.err
}

func (c *queueCounts) look(ctx context.Context) (counted, error) {
	var names []string
	for _, s := range c.topology.Subscriptions {
		names = append(append(names, s.Queue(), s.DeadQueue()), retryQueues(s)...)
	}
	found, err := c.amqp.Count(ctx, names)
	if err != nil {
		return counted{}, err
	}
	all := counted{queues: map[string]management.Queue{}}
	for name, q := range found {
		all.queues[name] = management.Queue{Name: name, Ready: q.Ready, Consumers: q.Consumers}
	}
	measured, err := c.measured(ctx)
	if err != nil {
		all.remarks, all.orHidden = []string{noRates(err)}, ", or this user may not look at it"
	}
	for name, q := range measured {
		if exact, known := all.queues[name]; known {
			q.Ready, q.Consumers = exact.Ready, exact.Consumers
		}
		all.queues[name] = q
	}
	return all, nil
}

// measured returns what the management API knows about the queues.
func (c *queueCounts) measured(ctx context.Context) (map[string]management.Queue, error) {
	if err := c.same(ctx); err != nil {
		return nil, err
	}
	queues, err := c.api.Queues(ctx)
	if err != nil {
		c.checked = time.Time{}
	}
	return queues, err
}

// same checks now and then that the management API is that of the broker.
func (c *queueCounts) same(ctx context.Context) error {
	if err := c.api.Err(); err != nil || time.Since(c.checked) < sameFor {
		return err
	}
	conn, err := wire.Dial(ctx, c.amqpURL, "traceria console")
	if err != nil {
		return err
	}
	defer wire.Close(conn)
	if err := c.api.Serves(ctx, conn); err != nil {
		return err
	}
	c.checked = time.Now()
	return nil
}

// noRates says what is not known without the management API.
func noRates(why error) string {
	if !errors.Is(why, management.ErrNone) && !errors.Is(why, management.ErrOther) {
		why = fmt.Errorf("the management API (RABBITMQ_MANAGEMENT_URL) cannot be asked: %w", why)
	}
	return fmt.Sprintf("no rates and no unacked messages are known, because %v", why)
}
