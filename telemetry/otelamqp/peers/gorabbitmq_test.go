package peers

import (
	"context"
	"errors"

	"github.com/rabbitmq/amqp091-go"
	"github.com/wagslane/go-rabbitmq"
)

// goRabbitMQ is github.com/wagslane/go-rabbitmq with deferred confirmations and one consuming goroutine.
type goRabbitMQ struct {
	conn      *rabbitmq.Conn
	publisher *rabbitmq.Publisher
	queue     string
}

func openGoRabbitMQ(_ context.Context, url, queue string) (client, error) {
	conn, err := rabbitmq.NewConn(url, rabbitmq.WithConnectionOptionsLogger(silent{}))
	if err != nil {
		return nil, err
	}
	publisher, err := rabbitmq.NewPublisher(conn, rabbitmq.WithPublisherOptionsConfirm, rabbitmq.WithPublisherOptionsLogger(silent{}))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &goRabbitMQ{conn, publisher, queue}, nil
}

func (c *goRabbitMQ) publish(ctx context.Context, bodies [][]byte, size int) error {
	unconfirmed := window{size: size}
	key := []string{c.queue}
	for _, body := range bodies {
		confirmations, err := c.publisher.PublishWithDeferredConfirmWithContext(ctx, body, key, rabbitmq.WithPublishOptionsPersistentDelivery,
			rabbitmq.WithPublishOptionsMessageID("0f8fad5b-d9cb-469f-a165-70867728950e"), rabbitmq.WithPublishOptionsHeaders(rabbitmq.Table{"tenant": "one"}))
		if err != nil {
			return err
		}
		if err := unconfirmed.add(ctx, confirmations[0].WaitContext); err != nil {
			return err
		}
	}
	return unconfirmed.drain(ctx)
}

func (c *goRabbitMQ) consume(ctx context.Context, n int, seen func([]byte)) (func() error, error) {
	consumer, err := rabbitmq.NewConsumer(c.conn, c.queue, rabbitmq.WithConsumerOptionsQueueDurable, rabbitmq.WithConsumerOptionsQOSPrefetch(prefetch),
		rabbitmq.WithConsumerOptionsConcurrency(1), rabbitmq.WithConsumerOptionsLogger(silent{}))
	if err != nil {
		return nil, err
	}
	done, ended, left := make(chan struct{}), make(chan error, 1), n
	go func() {
		// The handler acks by itself: the library would ack after the measurement.
		ended <- consumer.Run(func(d rabbitmq.Delivery) rabbitmq.Action {
			seen(d.Body)
			if err := d.Ack(false); err != nil && !errors.Is(err, amqp091.ErrClosed) {
				return rabbitmq.NackRequeue
			}
			if left--; left == 0 {
				close(done)
			}
			return rabbitmq.Manual
		})
	}()
	select {
	case <-done:
	case err = <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return func() error { consumer.Close(); return nil }, err
}

func (c *goRabbitMQ) close() error {
	c.publisher.Close()
	return c.conn.Close()
}

// silent is a logger that writes nothing: a line for each message would be measured, too.
type silent struct{}

func (silent) Fatalf(string, ...any) {}
func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Infof(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
func (silent) Tracef(string, ...any) {}
