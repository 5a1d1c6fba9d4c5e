package keeper_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
)

// A part of the topology is deleted while a consumer works. The keeper restores it, and the consumer goes on.
func TestWhatIsDeletedWhileTheConnectionLastsIsDeclaredAgain(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(ch *amqp091.Channel, s broker.Subscription) error{
		"the dead queue": func(ch *amqp091.Channel, s broker.Subscription) error {
			_, err := ch.QueueDelete(s.DeadQueue(), false, false, false)
			return err
		},
		"a retry queue": func(ch *amqp091.Channel, s broker.Subscription) error {
			_, err := ch.QueueDelete(s.RetryQueue(200*time.Millisecond), false, false, false)
			return err
		},
		"the retry exchange": func(ch *amqp091.Channel, s broker.Subscription) error {
			return ch.ExchangeDelete(s.RetryExchange(), false, false)
		},
		"the binding": func(ch *amqp091.Channel, s broker.Subscription) error {
			return ch.QueueUnbind(s.Queue(), s.Event.RoutingKey(), s.Event.Exchange, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := brokertest.New(t)
			var attempts atomic.Int32
			s := brokertest.Boxed(func(context.Context, event.Envelope) error {
				if attempts.Add(1) > 1 {
					return broker.Dead(errors.New("no"))
				}
				return errors.New("try again")
			})
			b.Keep(t, b.Apply(t, s))
			c, _ := b.Consumer(t, s)
			brokertest.Eventually(t, "it consumes", func() bool { return c.Ready() == nil })
			if err := remove(b.Channel(t), s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(7 * time.Second) // longer than the interval of the looks
			if err := c.Ready(); err != nil {
				t.Errorf("it is not ready: %v", err)
			}
			b.Put(t, s, amqp091.Publishing{Body: brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1"))})
			// Without its retry queue the event would become a dead letter that was never retried.
			if letter := b.Take(t, s.DeadQueue()); letter.Headers["traceria-retry"] != int64(1) {
				t.Errorf("the event was not retried: %v", letter.Headers)
			}
		})
	}
}
