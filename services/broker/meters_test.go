package broker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/telemetry/telemetrytest"
)

func TestDeliveriesAreMeasured(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	metrics := telemetrytest.New(t)
	b.Telemetry.MeterProvider = metrics
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		switch e.Metadata.ConversationID {
		case "o-fails":
			return errors.New("the car does not start")
		case "o-dead":
			return broker.Dead(errors.New("there is no such street"))
		default:
			return nil
		}
	})
	s.BackOff = []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond}
	p := b.Publisher(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, c)
	if n := len(metrics.Points("traceria.message.settled")); n != 4 {
		t.Errorf("before the first message %d outcomes have a value, want 4", n)
	}
	for _, order := range []string{"o-well", "o-dead", "o-fails"} {
		brokertest.Send(t, p, brokertest.Outgoing(t, order))
	}
	queue := attribute.String("messaging.destination.subscription.name", s.Queue())
	settled := func(outcome string) float64 {
		return metrics.Sum("traceria.message.settled", queue, attribute.String("outcome", outcome))
	}
	brokertest.Eventually(t, "one is acked, two are dead", func() bool { return settled("ack") == 1 && settled("dead") == 2 })
	if n := settled("retry"); n != 3 {
		t.Errorf("%v retries, want 3", n)
	}
	if n, sum := metrics.Count("traceria.delivery.attempt", queue), metrics.Sum("traceria.delivery.attempt", queue); n != 6 || sum != 12 {
		t.Errorf("%d attempts whose numbers add up to %v, want 6 and 12", n, sum)
	}
	if n, sum := metrics.Count("traceria.retry.backoff", queue), metrics.Sum("traceria.retry.backoff", queue); n != 3 || sum < 0.249 || sum > 0.251 {
		t.Errorf("%d back-offs of %v s together, want 3 of 0.25 s", n, sum)
	}
	if n := metrics.Sum("traceria.dead_letters", queue, attribute.String("error.type", "_OTHER")); n != 2 {
		t.Errorf("%v dead letters of the type, want 2: %v", n, metrics.Points("traceria.dead_letters"))
	}
	for _, p := range metrics.Points("traceria.delivery.attempt") {
		if len(p.Exemplars) == 0 || len(p.Exemplars[0]) != 8 {
			t.Errorf("the attempts have the exemplars %x, want one with a span", p.Exemplars)
		}
	}
}
