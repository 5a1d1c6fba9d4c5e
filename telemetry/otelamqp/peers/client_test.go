package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
)

func TestMain(m *testing.M) { os.Exit(rabbitmqtest.Main(m)) }

// The workload: persistent messages to one durable queue, confirmed by the broker, and acks of single messages.
const (
	bodySize = 512
	prefetch = 100
)

// client is one library with a connection and a queue of its own.
type client interface {
	// publish sends the bodies with at most window of them unconfirmed. It returns when the broker has confirmed all.
	publish(ctx context.Context, bodies [][]byte, window int) error
	// consume takes n messages in one goroutine, and acks each after it was seen. end ends the consumer, and waits for that: it would
	// take messages of the next workload.
	consume(ctx context.Context, n int, seen func(body []byte)) (end func() error, err error)
	close() error
}

// peer opens a client. The queue exists.
type peer struct {
	name string
	open func(ctx context.Context, url, queue string) (client, error)
}

// peers begins with the client that the others are compared with.
func peers() []peer {
	return []peer{
		{"amqp091-go", openRaw},
		{"otelamqp", openTraced},
		{"go-rabbitmq", openGoRabbitMQ},
		{"watermill-amqp", openWatermill},
	}
}

// declare opens a connection and makes the queue.
func declare(url, queue string) (*amqp091.Connection, error) {
	conn, err := amqp091.Dial(url)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	ch, err := conn.Channel()
	if err == nil {
		_, err = ch.QueueDeclare(queue, true, false, false, false, nil)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("declare %s: %w", queue, err), conn.Close())
	}
	return conn, ch.Close()
}

var errNacked = errors.New("the broker did not confirm a message")

// window waits for the oldest confirmation when there are as many as it may hold.
type window struct {
	size    int
	waiting []func(context.Context) (bool, error)
}

func (w *window) add(ctx context.Context, wait func(context.Context) (bool, error)) error {
	w.waiting = append(w.waiting, wait)
	if len(w.waiting) < w.size {
		return nil
	}
	return w.next(ctx)
}

func (w *window) next(ctx context.Context) error {
	first := w.waiting[0]
	w.waiting = w.waiting[1:]
	acked, err := first(ctx)
	if err == nil && !acked {
		err = errNacked
	}
	return err
}

func (w *window) drain(ctx context.Context) error {
	for len(w.waiting) > 0 {
		if err := w.next(ctx); err != nil {
			return err
		}
	}
	return nil
}
