// Package telemetrytest reads in a test what instruments have measured.
package telemetrytest

import (
	"context"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Metrics is a meter provider that exports nothing. A test gives it to the code that it tests and reads the values.
type Metrics struct {
	metric.MeterProvider
	tb     testing.TB
	reader *sdkmetric.ManualReader
}

// New returns a meter provider for one test.
func New(tb testing.TB) *Metrics {
	tb.Helper()
	reader := sdkmetric.NewManualReader()
	return &Metrics{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), tb: tb, reader: reader}
}

// Point is one value of an instrument.
type Point struct {
	Attributes attribute.Set
	// Value is the value of a counter or gauge, or the sum of a histogram.
	Value float64
	// Count is the number of measurements in a histogram, and 1 for other instruments.
	Count uint64
	// Exemplars are the span ids of the exemplars.
	Exemplars [][]byte
}

// Points collects the metrics and returns the values of the instrument that have all of the attributes. It returns none if
// nothing was measured.
func (m *Metrics) Points(name string, having ...attribute.KeyValue) []Point {
	m.tb.Helper()
	var all metricdata.ResourceMetrics
	if err := m.reader.Collect(context.Background(), &all); err != nil {
		m.tb.Errorf("collect the metrics: %v", err)
	}
	var found []Point
	for _, scope := range all.ScopeMetrics {
		for _, one := range scope.Metrics {
			if one.Name == name {
				found = append(found, pointsOf(one.Data)...)
			}
		}
	}
	return slices.DeleteFunc(found, func(p Point) bool {
		return slices.ContainsFunc(having, func(want attribute.KeyValue) bool {
			got, _ := p.Attributes.Value(want.Key)
			return got.String() != want.Value.String()
		})
	})
}

// Sum returns the sum of the values that have all of the attributes.
func (m *Metrics) Sum(name string, having ...attribute.KeyValue) (sum float64) {
	m.tb.Helper()
	for _, p := range m.Points(name, having...) {
		sum += p.Value
	}
	return sum
}

// Count returns the number of measurements that have all of the attributes.
func (m *Metrics) Count(name string, having ...attribute.KeyValue) (count uint64) {
	m.tb.Helper()
	for _, p := range m.Points(name, having...) {
		count += p.Count
	}
	return count
}

func pointsOf(data metricdata.Aggregation) []Point {
	switch d := data.(type) {
	case metricdata.Gauge[int64]:
		return numbers(d.DataPoints)
	case metricdata.Gauge[float64]:
		return numbers(d.DataPoints)
	case metricdata.Sum[int64]:
		return numbers(d.DataPoints)
	case metricdata.Sum[float64]:
		return numbers(d.DataPoints)
	case metricdata.Histogram[int64]:
		return histograms(d.DataPoints)
	case metricdata.Histogram[float64]:
		return histograms(d.DataPoints)
	default:
		return nil
	}
}

func numbers[N int64 | float64](points []metricdata.DataPoint[N]) []Point {
	all := make([]Point, len(points))
	for i, p := range points {
		all[i] = Point{p.Attributes, float64(p.Value), 1, spans(p.Exemplars)}
	}
	return all
}

func histograms[N int64 | float64](points []metricdata.HistogramDataPoint[N]) []Point {
	all := make([]Point, len(points))
	for i, p := range points {
		all[i] = Point{p.Attributes, float64(p.Sum), p.Count, spans(p.Exemplars)}
	}
	return all
}

func spans[N int64 | float64](exemplars []metricdata.Exemplar[N]) (ids [][]byte) {
	for _, e := range exemplars {
		ids = append(ids, e.SpanID)
	}
	return ids
}
