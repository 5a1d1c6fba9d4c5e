package telemetrytest_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"traceria/telemetry/telemetrytest"
)

func TestPoints(t *testing.T) {
	t.Parallel()
	m := telemetrytest.New(t)
	meter := m.Meter("test")
	counter, _ := meter.Int64Counter("pizzas")
	histogram, _ := meter.Float64Histogram("bake", metric.WithUnit("s"))
	for _, kind := range []string{"thin", "thick", "thin"} {
		counter.Add(t.Context(), 2, metric.WithAttributes(attribute.String("kind", kind)))
		histogram.Record(t.Context(), 1.5)
	}
	thin := attribute.String("kind", "thin")
	if all, some := m.Sum("pizzas"), m.Sum("pizzas", thin); all != 6 || some != 4 {
		t.Errorf("%v pizzas, %v of them thin: want 6 and 4", all, some)
	}
	if n, sum := m.Count("bake"), m.Sum("bake"); n != 3 || sum != 4.5 {
		t.Errorf("%d bakes of %v s together, want 3 of 4.5 s", n, sum)
	}
	if none := m.Points("unknown"); none != nil {
		t.Errorf("an instrument that does not exist has %v", none)
	}
}
