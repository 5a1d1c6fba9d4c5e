package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"traceria/services/system/systemtest"
)

const (
	// handful messages are shuffled at a time, and handfulTime is the wait for a full handful.
	handful     = 40
	handfulTime = time.Second
)

// shuffled is the header of a message that was shuffled.
const shuffled = "chaos-shuffled"

// Some messages of every queue arrive late, reordered and twice. The test consumes them beside the services, shuffles a
// handful, and publishes each message twice.
func duplicatedAndReordered() fault {
	return fault{
		name: "duplicated-reordered", begins: 0.05, longer: 2 * time.Second,
		inject: func(t *testing.T, p *trial) {
			conn, err := amqp091.Dial(p.Broker.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			group, ctx := errgroup.WithContext(ctx)
			counts := map[string]*atomic.Int64{}
			for _, queue := range systemtest.Queues() {
				if strings.HasSuffix(queue, ".dead") || strings.Contains(queue, ".retry.") {
					continue
				}
				n := new(atomic.Int64)
				counts[queue] = n
				group.Go(func() error { return shuffle(ctx, conn, queue, n) })
			}
			<-p.orders.done
			p.Await(t, settleTime, "a message of each queue is shuffled", func() bool {
				for queue, n := range counts {
					if n.Load() == 0 && !strings.Contains(queue, "staff-member") {
						return false
					}
				}
				return true
			})
			stop()
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			total := int64(0)
			for _, n := range counts {
				total += n.Load()
			}
			t.Logf("%d messages of %d queues were shuffled and published twice", total, len(counts))
		},
	}
}

// shuffle processes one queue until ctx ends, and then returns the rest to it. It adds the doubled messages to total.
func shuffle(ctx context.Context, conn *amqp091.Connection, queue string, total *atomic.Int64) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := errors.Join(ch.Qos(handful, 0, false), ch.Confirm(false)); err != nil {
		return err
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	var held []amqp091.Delivery
	tick := time.NewTicker(handfulTime)
	defer tick.Stop()
	for {
		full := false
		select {
		case d, open := <-deliveries:
			if !open {
				return fmt.Errorf("the broker cancelled the consumer of %s", queue)
			}
			held = append(held, d)
			full = len(held) == handful
		case <-tick.C:
			full = true
		case <-ctx.Done():
			n, err := deal(context.WithoutCancel(ctx), ch, queue, held)
			total.Add(int64(n))
			return err
		}
		if full {
			n, err := deal(context.WithoutCancel(ctx), ch, queue, held)
			total.Add(int64(n))
			if err != nil {
				return err
			}
			held = nil
		}
	}
}

// deal publishes the handful in random order, each message twice unless it was doubled before. It acks the originals
// after the confirms.
func deal(ctx context.Context, ch *amqp091.Channel, queue string, held []amqp091.Delivery) (doubled int, err error) {
	var hand []amqp091.Delivery
	for _, d := range held {
		hand = append(hand, d)
		if _, again := d.Headers[shuffled]; !again {
			hand = append(hand, d)
			doubled++
		}
	}
	rand.Shuffle(len(hand), func(i, j int) { hand[i], hand[j] = hand[j], hand[i] })
	for _, d := range hand {
		headers := amqp091.Table{shuffled: true}
		maps.Copy(headers, d.Headers)
		delete(headers, "x-delivery-count") // RabbitMQ 4 would believe these counts
		delete(headers, "x-acquired-count")
		confirmation, err := ch.PublishWithDeferredConfirmWithContext(ctx, "", queue, true, false, amqp091.Publishing{
			Headers: headers, ContentType: d.ContentType, DeliveryMode: d.DeliveryMode, CorrelationId: d.CorrelationId,
			MessageId: d.MessageId, Timestamp: d.Timestamp, Type: d.Type, AppId: d.AppId, Body: d.Body,
		})
		if err != nil {
			return 0, err
		}
		if !confirmation.Wait() {
			return 0, fmt.Errorf("%s refused a republished message", queue)
		}
	}
	for _, d := range held {
		if err := d.Ack(false); err != nil {
			return 0, err
		}
	}
	return doubled, nil
}
