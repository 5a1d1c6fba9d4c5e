package journey

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/topology"
)

// RabbitMQ implements [Broker] over a connection of its own, which it opens at the first question and again after a loss.
type RabbitMQ struct {
	url string

	mu      sync.Mutex
	conn    *wire.Connection
	refused map[string]bool // queues that the user may not look at
}

var _ Broker = (*RabbitMQ)(nil)

// NewRabbitMQ returns a source for the broker at an AMQP URL. Close ends it.
func NewRabbitMQ(url string) *RabbitMQ { return &RabbitMQ{url: url, refused: map[string]bool{}} }

// Count implements [Broker].
func (r *RabbitMQ) Count(ctx context.Context, queues []string) (counts map[string]broker.QueueCount, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := slices.DeleteFunc(slices.Clone(queues), func(name string) bool { return r.refused[name] })
	if len(wanted) == 0 {
		return nil, nil
	}
	err = r.with(ctx, func(conn *wire.Connection) (err error) {
		var refused []string
		counts, refused, err = broker.Count(conn, wanted)
		for _, name := range refused {
			r.refused[name] = true
		}
		return err
	})
	return counts, err
}

// Letters implements [Broker]. RabbitMQ has the letters back when it returns.
func (r *RabbitMQ) Letters(ctx context.Context, s topology.Subscription, limit int) (letters []broker.Letter, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err = r.with(ctx, func(conn *wire.Connection) (err error) {
		letters, err = broker.ShowDead(ctx, conn, s, limit)
		return err
	})
	return letters, err
}

// Close closes the connection.
func (r *RabbitMQ) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop()
}

// with lends the connection. It is closed at the end of ctx, because a broker that is stuck answers nothing, and after an
// error.
func (r *RabbitMQ) with(ctx context.Context, use func(*wire.Connection) error) error {
	if r.conn == nil || r.conn.IsClosed() {
		conn, err := wire.Dial(ctx, r.url, "traceria journey")
		if err != nil {
			return fmt.Errorf("RabbitMQ at %s does not answer: %w", wire.Address(r.url), err)
		}
		r.conn = conn
	}
	conn := r.conn
	stop := context.AfterFunc(ctx, func() { wire.Close(conn) })
	defer stop()
	if err := use(conn); err != nil {
		r.drop()
		return err
	}
	return nil
}

func (r *RabbitMQ) drop() {
	if r.conn != nil {
		wire.Close(r.conn)
		r.conn = nil
	}
}
