package peers

import (
	"context"
	"errors"
	"sync"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-amqp/v3/pkg/amqp"
	"github.com/ThreeDotsLabs/watermill/message"
)

// watermillAMQP is github.com/ThreeDotsLabs/watermill-amqp with delivery confirmation. Its Publish waits for the confirm, so a
// window of unconfirmed messages is as many goroutines. They have a pool of as many channels: without it each Publish opens one.
type watermillAMQP struct {
	config     amqp.Config
	conn       *amqp.ConnectionWrapper
	publishers map[int]*amqp.Publisher // by the size of the pool
	queue      string
}

func openWatermill(_ context.Context, url, queue string) (client, error) {
	config := amqp.NewDurableQueueConfig(url)
	config.Consume.Qos.PrefetchCount = prefetch
	config.Publish.ConfirmDelivery = true
	conn, err := amqp.NewConnection(config.Connection, watermill.NopLogger{})
	if err != nil {
		return nil, err
	}
	return &watermillAMQP{config, conn, map[int]*amqp.Publisher{}, queue}, nil
}

func (c *watermillAMQP) publisher(size int) (*amqp.Publisher, error) {
	if p := c.publishers[size]; p != nil {
		return p, nil
	}
	config := c.config
	config.Publish.ChannelPoolSize = size
	p, err := amqp.NewPublisherWithConnection(config, watermill.NopLogger{}, c.conn)
	if err == nil {
		c.publishers[size] = p
	}
	return p, err
}

func (c *watermillAMQP) publish(ctx context.Context, bodies [][]byte, size int) error {
	publisher, err := c.publisher(size)
	if err != nil {
		return err
	}
	next := make(chan []byte, len(bodies))
	for _, body := range bodies {
		next <- body
	}
	close(next)
	failed := make([]error, size)
	var all sync.WaitGroup
	for i := range failed {
		all.Go(func() {
			for body := range next {
				m := message.NewMessage("0f8fad5b-d9cb-469f-a165-70867728950e", body)
				m.SetContext(ctx)
				m.Metadata.Set("tenant", "one")
				if failed[i] = publisher.Publish(c.queue, m); failed[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

func (c *watermillAMQP) consume(ctx context.Context, n int, seen func([]byte)) (func() error, error) {
	subscriber, err := amqp.NewSubscriberWithConnection(c.config, watermill.NopLogger{}, c.conn)
	if err != nil {
		return nil, err
	}
	messages, err := subscriber.Subscribe(ctx, c.queue)
	if err != nil {
		return nil, errors.Join(err, subscriber.Close())
	}
	for range n {
		select {
		case m, open := <-messages:
			if !open {
				return nil, errors.Join(errClosed, subscriber.Close())
			}
			seen(m.Payload)
			m.Ack()
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), subscriber.Close())
		}
	}
	return subscriber.Close, nil
}

func (c *watermillAMQP) close() error { return c.conn.Close() }
