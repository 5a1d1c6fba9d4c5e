package otelamqp_test

import (
	"context"
	"testing"
	"unicode/utf8"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"traceria/telemetry/otelamqp"
)

type typedErr string

func (e typedErr) Error() string     { return string(e) }
func (e typedErr) ErrorType() string { return string(e) }

// A user of this package alone has no guard before the exporter, so every text must be valid here.
func TestAttributesAreValidWithoutTheGuard(t *testing.T) {
	rec := tracetest.NewSpanRecorder()
	reader := sdkmetric.NewManualReader()
	c, err := otelamqp.NewConsumer(otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(rec))),
		otelamqp.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	if err != nil {
		t.Fatal(err)
	}
	bad := "a\xff"
	d := amqp091.Delivery{
		Exchange: bad, RoutingKey: bad, MessageId: bad, CorrelationId: bad, Type: bad, AppId: bad, ConsumerTag: bad, ReplyTo: bad,
		Headers: amqp091.Table{"traceparent": bad, bad: bad},
	}
	for _, e := range []error{&amqp091.Error{Code: 404, Reason: bad}, typedErr(bad)} {
		_ = c.Process(context.Background(), bad, d, func(context.Context, amqp091.Delivery) error { return e })
		_ = c.ProcessBatch(context.Background(), bad, []amqp091.Delivery{d, d}, func(context.Context, []amqp091.Delivery) error { return e })
	}
	check := func(where string, kvs []attribute.KeyValue) {
		for _, kv := range kvs {
			if !utf8.ValidString(string(kv.Key)) || !utf8.ValidString(kv.Value.String()) {
				t.Errorf("%s: %q=%q", where, kv.Key, kv.Value.String())
			}
		}
	}
	for _, s := range rec.Ended() {
		if !utf8.ValidString(s.Name()) || !utf8.ValidString(s.Status().Description) {
			t.Errorf("span %q %q", s.Name(), s.Status().Description)
		}
		check(s.Name(), s.Attributes())
		for _, l := range s.Links() {
			check("link", l.Attributes)
		}
		for _, e := range s.Events() {
			check("event "+e.Name, e.Attributes)
		}
	}
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range d.DataPoints {
					check(m.Name, p.Attributes.ToSlice())
				}
			case metricdata.Sum[int64]:
				for _, p := range d.DataPoints {
					check(m.Name, p.Attributes.ToSlice())
				}
			}
		}
	}
}
