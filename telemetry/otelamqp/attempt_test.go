package otelamqp_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
)

func TestAttempt(t *testing.T) {
	for _, tt := range []struct {
		header, count any
		want          int
	}{
		{nil, nil, 1},
		{int64(3), nil, 3},
		{int32(2), int64(1), 3},
		{"4", nil, 4},
		{[]byte("5"), nil, 5},
		{nil, int64(2), 3},
		{int64(-7), int64(-1), 1},
		{int64(0), nil, 1},
		{"many", []any{1}, 1},
		{3.5, amqp091.Table{}, 1},
		{int64(math.MaxInt64), int64(math.MaxInt64), math.MaxInt32},
	} {
		for _, counter := range []string{"x-delivery-count", "x-acquired-count"} {
			d := amqp091.Delivery{Headers: amqp091.Table{otelamqp.AttemptHeader: tt.header, counter: tt.count}}
			if got := otelamqp.Attempt(&d); got != tt.want {
				t.Errorf("attempt with header %v and %s %v: %d, want %d", tt.header, counter, tt.count, got, tt.want)
			}
		}
	}
	if got := otelamqp.Attempt(&amqp091.Delivery{}); got != 1 {
		t.Errorf("attempt without headers: %d", got)
	}
}

func TestAttemptOfADeadLetter(t *testing.T) {
	death := func(reason, count any) amqp091.Table {
		return amqp091.Table{"reason": reason, "count": count, "queue": "kitchen"}
	}
	for name, tt := range map[string]struct {
		deaths any
		want   int
	}{
		"rejected":               {[]any{death("rejected", int64(2))}, 3},
		"reason as bytes":        {[]any{death([]byte("rejected"), int32(2))}, 3},
		"past the limit":         {[]any{death("delivery_limit", int64(1))}, 2},
		"in two queues":          {[]any{death("rejected", int64(2)), death("expired", int64(5)), death("delivery_limit", int64(1))}, 4},
		"expired after a return": {[]any{death("expired", int64(5))}, 8},
		"too long":               {[]any{death("maxlen", int64(5))}, 8},
		"no number":              {[]any{death("rejected", "often")}, 8},
		"below zero":             {[]any{death("rejected", int64(-3))}, 8},
		"no reason":              {[]any{death(nil, int64(2)), death(int64(1), int64(2))}, 8},
		"no tables":              {[]any{"rejected", nil, int64(3)}, 8},
		"no list":                {amqp091.Table{"reason": "rejected", "count": int64(2)}, 8},
		"beyond all numbers":     {[]any{death("rejected", int64(math.MaxInt64)), death("rejected", int64(math.MaxInt64))}, math.MaxInt32},
	} {
		d := amqp091.Delivery{Headers: amqp091.Table{"x-death": tt.deaths, "x-acquired-count": int64(7), "x-delivery-count": int64(3)}}
		if got := otelamqp.Attempt(&d); got != tt.want {
			t.Errorf("%s: attempt %d, want %d", name, got, tt.want)
		}
	}
}

// TestAttemptsOfARealBroker: the attempts are the same on every version of RabbitMQ, however the message returns.
func TestAttemptsOfARealBroker(t *testing.T) {
	quorum, classic := amqp091.Table{"x-queue-type": "quorum"}, amqp091.Table{"x-queue-type": "classic"}
	for name, tt := range map[string]struct {
		queue amqp091.Table
		back  func(k *kitchen, d amqp091.Delivery)
		want  []int
	}{
		"nack":    {quorum, func(k *kitchen, d amqp091.Delivery) { must(k.t, d.Nack(false, true)) }, []int{1, 2, 3, 4}},
		"reject":  {quorum, func(k *kitchen, d amqp091.Delivery) { must(k.t, d.Reject(true)) }, []int{1, 2, 3, 4}},
		"channel": {quorum, func(k *kitchen, _ amqp091.Delivery) { must(k.t, k.ch.Close()) }, []int{1, 2, 3, 4}},
		"dead-lettered into a retry queue": {quorum, func(k *kitchen, d amqp091.Delivery) {
			must(k.t, d.Reject(false))
		}, []int{1, 2, 3, 4}},
		"dead-lettered by a classic queue": {classic, func(k *kitchen, d amqp091.Delivery) {
			must(k.t, d.Reject(false))
		}, []int{1, 2, 3, 4}},
		"returned, then dead-lettered": {quorum, func(k *kitchen, d amqp091.Delivery) {
			must(k.t, d.Reject(k.got == 1))
		}, []int{1, 2, 2, 3}},
		"republished": {quorum, func(k *kitchen, d amqp091.Delivery) {
			k.publish("kitchen.retry", amqp091.Table{otelamqp.AttemptHeader: int64(otelamqp.Attempt(&d) + 1)})
			must(k.t, d.Ack(false))
		}, []int{1, 2, 3, 4}},
		"republished, then returned": {quorum, func(k *kitchen, d amqp091.Delivery) {
			if k.got != 2 {
				must(k.t, d.Nack(false, true))
				return
			}
			k.publish("kitchen.retry", amqp091.Table{otelamqp.AttemptHeader: int64(otelamqp.Attempt(&d) + 1)})
			must(k.t, d.Ack(false))
		}, []int{1, 2, 3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKitchen(t, tt.queue)
			var got []int
			for range tt.want {
				d := k.next("kitchen")
				got = append(got, otelamqp.Attempt(&d))
				tt.back(k, d)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("attempts %v, want %v", got, tt.want)
			}
		})
	}
}

// TestRequeueEndsAtTheDeliveryLimit: a message that Consume requeues is dead-lettered at the limit on every version.
func TestRequeueEndsAtTheDeliveryLimit(t *testing.T) {
	k := newKitchen(t, amqp091.Table{"x-queue-type": "quorum", "x-delivery-limit": int32(2), "x-dead-letter-routing-key": "kitchen.dead"})
	_, err := k.ch.QueueDeclare("kitchen.dead", true, false, false, false, amqp091.Table{"x-queue-type": "quorum"})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	attempts := make(chan int, 100)
	go func() {
		ended <- k.b.consumer().Consume(ctx, channel(t, k.url), "kitchen", otelamqp.ConsumeOptions{Settle: otelamqp.AckOrRequeue},
			func(_ context.Context, d amqp091.Delivery) error {
				attempts <- otelamqp.Attempt(&d)
				return badMeal{}
			})
	}()
	dead := k.next("kitchen.dead")
	cancel()
	must(t, <-ended)
	close(attempts)
	var got []int
	for attempt := range attempts {
		got = append(got, attempt)
	}
	if !slices.Equal(got, []int{1, 2, 3}) || otelamqp.Attempt(&dead) != 2 {
		t.Errorf("attempts %v, want 1 2 3; then attempt %d, want 2: x-death counts one death", got, otelamqp.Attempt(&dead))
	}
}

// kitchen has a queue kitchen with one message, and a queue kitchen.retry that returns messages after 20 ms.
type kitchen struct {
	t   *testing.T
	b   *bundle
	url string
	ch  *amqp091.Channel
	got int // deliveries so far
}

func newKitchen(t *testing.T, queue amqp091.Table) *kitchen {
	t.Helper()
	k := &kitchen{t: t, b: newBundle(t), url: rabbitmqtest.Shared(t).VHost(t)}
	k.ch = channel(t, k.url)
	args := amqp091.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "kitchen.retry"}
	maps.Copy(args, queue)
	_, err := k.ch.QueueDeclare("kitchen", true, false, false, false, args)
	must(t, err)
	_, err = k.ch.QueueDeclare("kitchen.retry", true, false, false, false, amqp091.Table{
		"x-queue-type": "quorum", "x-message-ttl": int32(20), "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "kitchen",
	})
	must(t, err)
	k.publish("kitchen", nil)
	return k
}

func (k *kitchen) publish(queue string, headers amqp091.Table) {
	k.t.Helper()
	must(k.t, k.b.publisher(channel(k.t, k.url)).Publish(context.Background(), otelamqp.Message{
		RoutingKey: queue, Mandatory: true, Publishing: amqp091.Publishing{Headers: headers, DeliveryMode: amqp091.Persistent},
	}))
}

// next waits for a message in queue and gets it.
func (k *kitchen) next(queue string) (d amqp091.Delivery) {
	k.t.Helper()
	eventually(k.t, fmt.Sprintf("there is a message in %s", queue), func() bool {
		if k.ch.IsClosed() {
			k.ch = channel(k.t, k.url)
		}
		var ok bool
		var err error
		d, ok, err = k.ch.Get(queue, false)
		must(k.t, err)
		return ok
	})
	k.got++
	return d
}
