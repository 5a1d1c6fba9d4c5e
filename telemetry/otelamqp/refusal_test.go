package otelamqp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/codes"
)

// TestFullQueueNacks: a full queue refuses, and error and span say so. It accepts again when a message is removed.
func TestFullQueueNacks(t *testing.T) {
	for _, kind := range []string{amqp091.QueueTypeClassic, amqp091.QueueTypeQuorum} {
		t.Run(kind, func(t *testing.T) {
			ch := channel(t, rabbitmqtest.Shared(t).VHost(t))
			declare(t, ch, amqp091.Table{"x-queue-type": kind, "x-max-length": 1, "x-overflow": "reject-publish"})
			b := newBundle(t)
			p := b.publisher(ch)
			published := publishUntilFull(t, p)
			span := b.spans.Ended()[published-1]
			failed(t, span, "nack")

			c, err := p.PublishDeferred(context.Background(), event())
			must(t, err)
			if err := c.Wait(context.Background()); !errors.Is(err, otelamqp.ErrNack) {
				t.Errorf("pipelined: %v, want a nack", err)
			}
			failed(t, b.spans.Ended()[published], "nack")
			_, err = ch.QueuePurge("kitchen", false)
			must(t, err)
			eventually(t, "there is room again", func() bool {
				err := p.Publish(context.Background(), event())
				if err != nil && !errors.Is(err, otelamqp.ErrNack) {
					t.Fatal(err)
				}
				return err == nil
			})
		})
	}
}

// publishUntilFull publishes until the queue refuses, and returns the number of messages. A quorum queue refuses only
// after its leader has told the channel, so it may take a few more.
func publishUntilFull(t *testing.T, p *otelamqp.Publisher) int {
	t.Helper()
	for n := 1; n <= 1000; n++ {
		switch err := p.Publish(context.Background(), event()); {
		case errors.Is(err, otelamqp.ErrNack):
			return n
		case err != nil:
			t.Fatal(err)
		}
	}
	t.Fatal("the queue of one message took a thousand")
	return 0
}

// TestBrokerHangs: a broker that does not answer costs only the confirm timeout. A late answer has no effect, and the
// connection still works.
func TestBrokerHangs(t *testing.T) {
	broker := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	ch := channel(t, broker.URL)
	declare(t, ch, nil)
	b := newBundle(t)
	const patience = time.Second
	p := b.publisher(ch, otelamqp.WithConfirmTimeout(patience))
	must(t, p.Publish(context.Background(), event()))

	must(t, broker.Pause())
	t.Cleanup(func() { _ = broker.Resume() }) // for a failed test: a paused broker does not stop
	start := time.Now()
	err := p.Publish(context.Background(), event())
	if waited := time.Since(start); !errors.Is(err, otelamqp.ErrConfirmTimeout) || waited < patience || waited > 5*time.Second {
		t.Errorf("after %s: %v", waited, err)
	}
	failed(t, b.spans.Ended()[1], "confirm_timeout")
	c, err := p.PublishDeferred(context.Background(), event())
	must(t, err)
	select {
	case <-c.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("the span does not end without a call of Wait")
	}
	failed(t, b.spans.Ended()[2], "confirm_timeout")

	must(t, broker.Resume())
	eventually(t, "the broker has stored the messages from before and during its pause", func() bool {
		q, err := ch.QueueDeclarePassive("kitchen", true, false, false, false, nil)
		must(t, err)
		return q.Messages == 3
	})
	if err := c.Wait(context.Background()); !errors.Is(err, otelamqp.ErrConfirmTimeout) {
		t.Errorf("the late answer changed the outcome: %v", err)
	}
	must(t, p.Publish(context.Background(), event()))
	if span := b.spans.Ended()[3]; span.Status().Code != codes.Unset {
		t.Errorf("after the pause: %+v", span.Status())
	}
}
