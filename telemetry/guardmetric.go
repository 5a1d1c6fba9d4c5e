package telemetry

import (
	"context"
	"os"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// newMetricReader returns the reader that OTEL_METRICS_EXPORTER names. OTLP is built here, so that its exporter can be wrapped.
func newMetricReader(ctx context.Context) (sdkmetric.Reader, error) {
	if name := os.Getenv("OTEL_METRICS_EXPORTER"); name != "" && name != "otlp" {
		return autoexport.NewMetricReader(ctx)
	}
	protocol := os.Getenv("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL")
	if protocol == "" {
		protocol = os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	var exporter sdkmetric.Exporter
	var err error
	if protocol == "grpc" {
		exporter, err = otlpmetricgrpc.New(ctx)
	} else {
		exporter, err = otlpmetrichttp.New(ctx)
	}
	if err != nil {
		return nil, err
	}
	var opts []sdkmetric.PeriodicReaderOption
	if os.Getenv("OTEL_METRIC_EXPORT_INTERVAL") == "" {
		opts = append(opts, sdkmetric.WithInterval(metricInterval))
	}
	return sdkmetric.NewPeriodicReader(metricExport{exporter, guard{longestText}}, opts...), nil
}

// metricInterval is shorter than the 60 s of the specification, because a person who breaks something looks at the dashboard
// at once.
const metricInterval = 5 * time.Second

// metricExport makes the text of metrics valid before the exporter gets them.
type metricExport struct {
	sdkmetric.Exporter
	guard guard
}

// Export implements the SDK's Exporter.
func (e metricExport) Export(ctx context.Context, metrics *metricdata.ResourceMetrics) error {
	for _, scope := range metrics.ScopeMetrics {
		for _, m := range scope.Metrics {
			e.guard.metric(m.Data)
		}
	}
	return e.Exporter.Export(ctx, metrics)
}

// metric changes the points in place: the reader makes them anew for each export.
func (g guard) metric(data metricdata.Aggregation) {
	switch d := data.(type) {
	case metricdata.Gauge[int64]:
		eachPoint(g, d.DataPoints)
	case metricdata.Gauge[float64]:
		eachPoint(g, d.DataPoints)
	case metricdata.Sum[int64]:
		eachPoint(g, d.DataPoints)
	case metricdata.Sum[float64]:
		eachPoint(g, d.DataPoints)
	case metricdata.Histogram[int64]:
		eachHistogram(g, d.DataPoints)
	case metricdata.Histogram[float64]:
		eachHistogram(g, d.DataPoints)
	case metricdata.ExponentialHistogram[int64]:
		eachExponential(g, d.DataPoints)
	case metricdata.ExponentialHistogram[float64]:
		eachExponential(g, d.DataPoints)
	case metricdata.Summary:
		for i := range d.DataPoints {
			d.DataPoints[i].Attributes = g.set(d.DataPoints[i].Attributes)
		}
	}
}

func eachPoint[N int64 | float64](g guard, points []metricdata.DataPoint[N]) {
	for i := range points {
		points[i].Attributes = g.set(points[i].Attributes)
		eachExemplar(g, points[i].Exemplars)
	}
}

func eachHistogram[N int64 | float64](g guard, points []metricdata.HistogramDataPoint[N]) {
	for i := range points {
		points[i].Attributes = g.set(points[i].Attributes)
		eachExemplar(g, points[i].Exemplars)
	}
}

func eachExponential[N int64 | float64](g guard, points []metricdata.ExponentialHistogramDataPoint[N]) {
	for i := range points {
		points[i].Attributes = g.set(points[i].Attributes)
		eachExemplar(g, points[i].Exemplars)
	}
}

func eachExemplar[N int64 | float64](g guard, exemplars []metricdata.Exemplar[N]) {
	for i := range exemplars {
		exemplars[i].FilteredAttributes = g.attributes(exemplars[i].FilteredAttributes)
	}
}

func (g guard) set(set attribute.Set) attribute.Set {
	for iterator := set.Iter(); iterator.Next(); {
		if !g.rightAttribute(iterator.Attribute()) {
			return attribute.NewSet(g.attributes(set.ToSlice())...)
		}
	}
	return set
}
