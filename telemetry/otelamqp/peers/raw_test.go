package peers

import (
	"context"
	"errors"
	"fmt"

	"github.com/rabbitmq/amqp091-go"
)

var errClosed = errors.New("the channel is closed")

// raw is amqp091-go alone, with deferred confirmations.
type raw struct {
	conn  *amqp091.Connection
	ch    *amqp091.Channel
	queue string
}

func openRaw(_ context.Context, url, queue string) (client, error) {
	conn, ch, err := confirming(url)
	if err != nil {
		return nil, err
	}
	return &raw{conn, ch, queue}, nil
}

// confirming returns a connection and a channel in confirm mode.
func confirming(url string) (*amqp091.Connection, *amqp091.Channel, error) {
	conn, err := amqp091.Dial(url)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	ch, err := conn.Channel()
	if err == nil {
		err = ch.Confirm(false)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open a channel with confirms: %w", err), conn.Close())
	}
	return conn, ch, nil
}

func (c *raw) publish(ctx context.Context, bodies [][]byte, size int) error {
	unconfirmed := window{size: size}
	for _, body := range bodies {
		confirmation, err := c.ch.PublishWithDeferredConfirmWithContext(ctx, "", c.queue, false, false, publishing(body))
		if err != nil {
			return err
		}
		if err := unconfirmed.add(ctx, confirmation.WaitContext); err != nil {
			return err
		}
	}
	return unconfirmed.drain(ctx)
}

func publishing(body []byte) amqp091.Publishing {
	return amqp091.Publishing{
		MessageId: "0f8fad5b-d9cb-469f-a165-70867728950e", DeliveryMode: amqp091.Persistent, Body: body,
		Headers: amqp091.Table{"tenant": "one"},
	}
}

func (c *raw) consume(ctx context.Context, n int, seen func([]byte)) (func() error, error) {
	return consuming(ctx, c.conn, c.queue, n, func(d amqp091.Delivery) error {
		seen(d.Body)
		return d.Ack(false)
	})
}

// consuming calls handle with n messages, in this goroutine.
func consuming(ctx context.Context, conn *amqp091.Connection, queue string, n int, handle func(amqp091.Delivery) error) (end func() error, err error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	if err := take(ctx, ch, queue, n, handle); err != nil {
		return nil, errors.Join(err, ch.Close())
	}
	return ch.Close, nil
}

func take(ctx context.Context, ch *amqp091.Channel, queue string, n int, handle func(amqp091.Delivery) error) error {
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return err
	}
	deliveries, err := ch.ConsumeWithContext(ctx, queue, "peer", false, false, false, false, nil)
	if err != nil {
		return err
	}
	for range n {
		select {
		case d, open := <-deliveries:
			if !open {
				return errClosed
			}
			if err := handle(d); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (c *raw) close() error { return c.conn.Close() }
