package broker_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
)

func TestAMessageThatNobodyCanReadGoesToTheDeadLetters(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no JSON": "pizza!", "empty": "", "no event": `{"hello":"world"}`, "no data": `{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"e"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := brokertest.New(t)
			var calls atomic.Int32
			s := brokertest.Boxed(func(context.Context, event.Envelope) error { calls.Add(1); return nil })
			b.Apply(t, s)
			b.Put(t, s, amqp091.Publishing{Body: []byte(body), CorrelationId: "o-1"})
			b.Consumer(t, s)
			d := b.Take(t, s.DeadQueue())
			if string(d.Body) != body {
				t.Errorf("the dead letter is %q, want %q", d.Body, body)
			}
			if reason := d.Headers["traceria-dead-reason"]; reason != broker.ReasonUnreadable {
				t.Errorf("it died of %v", reason)
			}
			span := b.Settled(t, "dead")
			if span.Status != "error" || span.Attributes["error.type"] == nil || span.Attributes["traceria.conversation"] != "o-1" {
				t.Errorf("the span has status %q, attributes %v", span.Status, span.Attributes)
			}
			if calls.Load() != 0 {
				t.Error("the handler was called")
			}
			if !strings.Contains(b.Log.String(), "unreadable event") {
				t.Error("the log does not say why")
			}
		})
	}
}

func TestAMessageThatCanNeverSucceedIsDeadAtOnce(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var calls atomic.Int32
	s := brokertest.Boxed(func(context.Context, event.Envelope) error {
		calls.Add(1)
		return broker.Dead(errors.New("there is no such street"))
	})
	brokertest.Send(t, b.Publisher(t, b.Apply(t, s)), brokertest.Outgoing(t, "o-1"))
	b.Consumer(t, s)
	if d := b.Take(t, s.DeadQueue()); d.CorrelationId != "o-1" {
		t.Errorf("the dead letter is about %s", d.CorrelationId)
	}
	span := b.Settled(t, "dead")
	if span.Status != "error" || !strings.Contains(span.StatusMessage, "there is no such street") || calls.Load() != 1 {
		t.Errorf("status %q %q after %d calls", span.Status, span.StatusMessage, calls.Load())
	}
}

// A message fails with an error, then with a panic, and then succeeds: three attempts, each with a span.
func TestAHandlerThatFailsOrPanicsIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var calls atomic.Int32
	s := brokertest.Boxed(func(context.Context, event.Envelope) error {
		switch calls.Add(1) {
		case 1:
			return errors.New("the car does not start")
		case 2:
			panic("the car is on fire")
		default:
			return nil
		}
	})
	brokertest.Send(t, b.Publisher(t, b.Apply(t, s)), brokertest.Outgoing(t, "o-1"))
	b.Consumer(t, s)
	last := b.Settled(t, "ack")
	if last.Attributes["traceria.delivery.attempt"] != int64(3) || last.Status != "" {
		t.Errorf("the last attempt is %v with status %q", last.Attributes["traceria.delivery.attempt"], last.Status)
	}
	messages := map[int64]string{}
	for _, span := range b.Memory.Spans() {
		if span.Attributes["traceria.message.settled"] == "retry" {
			messages[span.Attributes["traceria.delivery.attempt"].(int64)] = span.Status + " " + span.StatusMessage
		}
		if span.Kind == "consumer" && span.TraceID != last.TraceID {
			t.Errorf("attempt %v is in another trace", span.Attributes["traceria.delivery.attempt"])
		}
	}
	if !strings.HasPrefix(messages[1], "error the car does not start") || !strings.Contains(messages[2], "the car is on fire") {
		t.Errorf("the failed attempts say %v", messages)
	}
	if log := b.Log.String(); strings.Contains(messages[2], "goroutine ") || !strings.Contains(log, "goroutine ") {
		t.Errorf("the stack belongs into the log, not into the span's status %q:\n%s", messages[2], log)
	}
	if queue, err := b.Channel(t).QueueDeclarePassive(s.DeadQueue(), true, false, false, false, nil); err != nil || queue.Messages != 0 {
		t.Errorf("%d dead letters, %v", queue.Messages, err)
	}
}
