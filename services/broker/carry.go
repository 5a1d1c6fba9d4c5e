package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/wire"
	"traceria/services/topology"
	"traceria/services/wait"
	"traceria/telemetry/otelamqp"
)

// Carry moves the messages of the limited queue to the subscription's queue, one per interval every, until ctx ends. It does
// not change them and makes no span. A message is in both queues for a moment.
func Carry(ctx context.Context, url string, s topology.Subscription, every time.Duration) error {
	conn, err := wire.Dial(ctx, url, "traceria "+s.LimitedQueue())
	if err != nil {
		return err
	}
	defer wire.CloseAfter(ctx, conn)()
	ch, err := confirming(conn)
	if err != nil {
		return err
	}
	if err := ch.Qos(1, 0, false); err != nil {
		return fmt.Errorf("set the prefetch of %s: %w", s.LimitedQueue(), err)
	}
	deliveries, err := ch.ConsumeWithContext(ctx, s.LimitedQueue(), "", false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consume %s: %w", s.LimitedQueue(), err)
	}
	for d := range deliveries {
		_ = wait.For(ctx, every)
		if err := carry(ctx, s, ch, d); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// confirming opens a channel on which RabbitMQ confirms what is published.
func confirming(conn *amqp091.Connection) (*amqp091.Channel, error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	if err := ch.Confirm(false); err != nil {
		return nil, fmt.Errorf("put the channel into confirm mode: %w", err)
	}
	return ch, nil
}

func carry(ctx context.Context, s topology.Subscription, ch *amqp091.Channel, d amqp091.Delivery) error {
	h := historyOf(d)
	message := republished(d, h)
	message.Headers[otelamqp.AttemptHeader] = int64(h.attempt) // moving it is no attempt
	confirmation, err := ch.PublishWithDeferredConfirmWithContext(ctx, s.RetryExchange(), s.Queue(), true, false, message)
	if err != nil {
		return fmt.Errorf("carry %s on: %w", d.MessageId, err)
	}
	if stored, err := confirmation.WaitContext(ctx); err != nil || !stored {
		return fmt.Errorf("carry %s on: confirmed is %t: %w", d.MessageId, stored, err)
	}
	return d.Ack(false)
}

// CarryLast moves the remaining messages of the limited queue and deletes the queue. A missing queue is no error.
func CarryLast(ctx context.Context, url string, s topology.Subscription) error {
	conn, err := wire.Dial(ctx, url, "traceria "+s.LimitedQueue())
	if err != nil {
		return err
	}
	defer wire.Close(conn)
	there, err := HasQueue(conn, s.LimitedQueue())
	if err != nil || !there {
		return err
	}
	ch, err := confirming(conn)
	if err != nil {
		return err
	}
	for _, t := range s.Bound() { // of an earlier run
		if err := ch.QueueUnbind(s.LimitedQueue(), t.RoutingKey(), t.Exchange, nil); err != nil {
			return fmt.Errorf("unbind %s: %w", s.LimitedQueue(), err)
		}
	}
	for {
		d, some, err := ch.Get(s.LimitedQueue(), false)
		if err != nil {
			return fmt.Errorf("read %s: %w", s.LimitedQueue(), err)
		}
		if !some {
			break
		}
		if err := carry(ctx, s, ch, d); err != nil {
			return err
		}
	}
	_, err = ch.QueueDelete(s.LimitedQueue(), false, true, false)
	return err
}
