package loyalty

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/telemetry/telemetrytest"
)

func TestPointsAreCounted(t *testing.T) {
	t.Parallel()
	p, metrics := newPoints(t), telemetrytest.New(t)
	p.Telemetry.MeterProvider = metrics
	p.total = newTotal(p.Telemetry)
	first, second := confirmedOrder(t, "o-1", "c-1", 1250), confirmedOrder(t, "o-2", "c-1", 799)
	for _, e := range []event.Envelope{first, first, cancelledOrder(t, "o-1", "c-1"), second} {
		if err := eventtest.Handle(p, e); err != nil {
			t.Fatal(err)
		}
	}
	for kind, want := range map[string]float64{"earned": 12 + 7, "reversed": 12} {
		if n := metrics.Sum("traceria.loyalty.points", attribute.String("kind", kind)); n != want {
			t.Errorf("%v points %s, want %v", n, kind, want)
		}
	}
}
