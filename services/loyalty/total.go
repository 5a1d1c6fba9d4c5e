package loyalty

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"traceria/telemetry"
)

// total counts the points that are given and taken back.
type total struct{ points metric.Int64Counter }

// The two kinds of points in the metric.
var (
	earnedPoints   = metric.WithAttributeSet(attribute.NewSet(attribute.String("kind", "earned")))
	reversedPoints = metric.WithAttributeSet(attribute.NewSet(attribute.String("kind", "reversed")))
)

func newTotal(tel *telemetry.Telemetry) total {
	// The SDK reports an error itself and returns an instrument that does nothing.
	counter, _ := tel.MeterProvider.Meter("traceria/services/loyalty").Int64Counter("traceria.loyalty.points",
		metric.WithUnit("{point}"), metric.WithDescription("Loyalty points, by kind: earned or reversed."))
	return total{counter}
}

// add is called after the commit.
func (t total) add(ctx context.Context, points int, kind metric.AddOption) {
	t.points.Add(ctx, int64(points), kind)
}
