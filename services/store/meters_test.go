package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry/telemetrytest"
)

func TestDuplicatesAreCounted(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		metrics := telemetrytest.New(t)
		b.tel.MeterProvider = metrics
		b.reopen(t)
		var e event.Envelope
		e.Metadata.EventID, e.Metadata.Source = "e-1", "kitchen"
		ctx := event.WithReceipt(t.Context(), "delivery.order-boxed", e)
		failing := errors.New("no such street")
		for _, work := range []error{failing, nil, nil, nil} {
			if err := b.Once(ctx, func(*store.Tx) error { return work }); !errors.Is(err, work) {
				t.Fatal(err)
			}
		}
		queue := attribute.String("messaging.destination.subscription.name", "delivery.order-boxed")
		if n := metrics.Sum("traceria.inbox.duplicates", queue); n != 2 {
			t.Errorf("%v duplicates, want 2: the third and the fourth", n)
		}
	})
}

func TestTheAgeOfTheOutboxIsAMetric(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		metrics := telemetrytest.New(t)
		b.tel.MeterProvider = metrics
		b.reopen(t)
		b.say(t, "a", 1)
		if _, err := b.ExecContext(t.Context(), `UPDATE outbox SET created_at = $1`, time.Now().Add(-time.Minute).UnixNano()); err != nil {
			t.Fatal(err)
		}
		s := &script{answer: func(string) error { return errNack }}
		b.relay(t, s)
		age := func() float64 { return metrics.Sum("traceria.outbox.oldest") }
		eventually(t, "the oldest message is a minute old", func() bool { return age() > 59 && age() < 59+60 })
	})
}

func TestAnEmptyOutboxHasNoAge(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		metrics := telemetrytest.New(t)
		b.tel.MeterProvider = metrics
		b.reopen(t)
		b.relay(t, &script{})
		eventually(t, "the age is 0", func() bool {
			points := metrics.Points("traceria.outbox.oldest")
			return len(points) == 1 && points[0].Value == 0
		})
		if got := fmt.Sprint(metrics.Sum("traceria.outbox.waiting")); got != "0" {
			t.Errorf("%s messages wait, want none", got)
		}
	})
}
