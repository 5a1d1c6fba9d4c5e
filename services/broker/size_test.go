package broker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/telemetrytest"
)

// ofSize is an event whose body has more than the given number of bytes.
func ofSize(t *testing.T, bytes int) event.Outgoing {
	t.Helper()
	o := brokertest.Outgoing(t, "o-large")
	o.Envelope.Data = fmt.Appendf(nil, `{"orderId":"o-large","note":%q}`, strings.Repeat("x", bytes))
	return o
}

// withLimit is a private broker, and a function that sets its max_message_size for new channels.
func withLimit(t *testing.T) (b *brokertest.Bundle, limit func(bytes int)) {
	t.Helper()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	return brokertest.At(t, server.URL), func(bytes int) {
		t.Helper()
		if _, err := server.Ctl("eval", fmt.Sprintf(
			"application:set_env(rabbit, max_message_size, %d), persistent_term:put(max_message_size, %d).", bytes, bytes)); err != nil {
			t.Fatal(err)
		}
	}
}

// RabbitMQ 4 closes the channel for a message of more than 16 MiB. On every version the publisher refuses such an event before
// it is sent. The other events of the batch are sent once, and the connection stays.
func TestAnEventThatIsTooLargeIsRefusedAlone(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	p := b.Publisher(t, b.Apply(t, brokertest.Boxed(nil)))
	brokertest.Ready(t, p)
	batch := []event.Outgoing{brokertest.Outgoing(t, "o-1"), ofSize(t, 16<<20), brokertest.Outgoing(t, "o-2")}
	errs := p.Publish(t.Context(), batch)
	if errs[0] != nil || errs[2] != nil {
		t.Errorf("the neighbours got %v and %v", errs[0], errs[2])
	}
	if !errors.Is(errs[1], otelamqp.ErrUnsendable) || errors.Is(errs[1], event.ErrBrokerAway) || !strings.Contains(errs[1].Error(), "16777216") {
		t.Errorf("got %v, want it refused with the limit", errs[1])
	}
	if n := b.Count(t, brokertest.Boxed(nil).Queue()); n != 2 {
		t.Errorf("%d messages in the queue, want 2", n)
	}
	if strings.Contains(b.Log.String(), "waiting for RabbitMQ") {
		t.Errorf("the connection was lost:\n%s", b.Log)
	}
}

// A broker with a lower limit closes the channel once. The publisher then knows the limit.
func TestALowerLimitIsLearnedFromTheBroker(t *testing.T) {
	t.Parallel()
	b, limit := withLimit(t)
	limit(10_000)
	p := b.Publisher(t, b.Apply(t, brokertest.Boxed(nil)))
	large := ofSize(t, 20_000)
	if err := p.Publish(t.Context(), []event.Outgoing{large})[0]; !errors.Is(err, event.ErrBrokerAway) {
		t.Fatalf("the first time: %v, want the channel lost", err)
	}
	refused := func() error { return p.Publish(t.Context(), []event.Outgoing{large})[0] }
	brokertest.Eventually(t, "the channel is open again", func() bool { return !errors.Is(refused(), event.ErrBrokerAway) })
	for range 3 {
		if err := refused(); !errors.Is(err, otelamqp.ErrUnsendable) || !strings.Contains(err.Error(), "10000") {
			t.Errorf("again: %v, want it refused with the limit", err)
		}
	}
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	if n := len(reconnections(b)); n != 1 {
		t.Errorf("the publisher reconnected %d times, want once", n)
	}
}

func reconnections(b *brokertest.Bundle) (found []string) {
	for _, span := range b.Memory.Spans() {
		if strings.HasPrefix(span.Name, "reconnect ") {
			found = append(found, span.Name)
		}
	}
	return found
}

// A message in a queue is too large to be published again. RabbitMQ itself dead-letters it.
func TestAMessageThatIsTooLargeToBeRetriedIsDead(t *testing.T) {
	t.Parallel()
	b, limit := withLimit(t)
	metrics := telemetrytest.New(t)
	b.Telemetry.MeterProvider = metrics
	limit(64 << 20)
	s := brokertest.Boxed(func(context.Context, event.Envelope) error { return errors.New("try again") })
	b.Apply(t, s)
	b.Put(t, s, amqp091.Publishing{Body: brokertest.BodyOf(t, ofSize(t, 17<<20)), MessageId: "m-1"})
	limit(16 << 20)
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, c)
	brokertest.Eventually(t, "it is dead", func() bool { return b.Count(t, s.DeadQueue()) == 1 })
	letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 10)
	if err != nil || len(letters) != 1 || letters[0].Reason != "rejected" || letters[0].MessageID != "m-1" {
		t.Errorf("letters %+v, %v", letters, err)
	}
	brokertest.Eventually(t, "it is counted", func() bool {
		return metrics.Sum("traceria.dead_letters") == 1 && metrics.Sum("traceria.message.settled", attribute.String("outcome", "dead")) == 1
	})
	if n := len(reconnections(b)); n != 0 {
		t.Errorf("%d reconnections, want none", n)
	}
}
