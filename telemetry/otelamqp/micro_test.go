package otelamqp_test

import (
	"context"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"

	"traceria/telemetry/otelamqp"
)

// BenchmarkPublish measures publishing without the cost of the channel, which does nothing here.
func BenchmarkPublish(b *testing.B) {
	for _, name := range []string{"noop", "unsampled", "sampled"} {
		b.Run(name, func(b *testing.B) {
			ch := newAcking()
			p, err := otelamqp.NewPublisher(ch, otelamqp.WithTracerProvider(providers()[name]), otelamqp.WithMeterProvider(metricnoop.NewMeterProvider()),
				otelamqp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})))
			must(b, err)
			defer ch.lose(nil)
			otelamqp.ReuseHeaders(p)
			m := benchMessage()
			b.ReportAllocs()
			for b.Loop() {
				publishPipelined(p, m)
			}
		})
	}
}

// BenchmarkProcess measures a process span around a handler that does nothing.
func BenchmarkProcess(b *testing.B) {
	for _, name := range []string{"noop", "unsampled", "sampled"} {
		b.Run(name, func(b *testing.B) {
			c, err := otelamqp.NewConsumer(otelamqp.WithTracerProvider(providers()[name]), otelamqp.WithMeterProvider(metricnoop.NewMeterProvider()),
				otelamqp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})))
			must(b, err)
			d := delivery(0)
			delete(d.Headers, "baggage")
			b.ReportAllocs()
			for b.Loop() {
				must(b, c.Process(context.Background(), "kitchen", d, nothing))
			}
		})
	}
}

// BenchmarkSendable measures the check for ErrUnsendable, with the headers that publishing adds.
func BenchmarkSendable(b *testing.B) {
	ch := newAcking()
	p, err := otelamqp.NewPublisher(ch)
	must(b, err)
	defer ch.lose(nil)
	m := benchMessage()
	m.Publishing.Headers["traceparent"] = "00-01020300000000000000000000000000-0405060000000000-01"
	m.Publishing.Headers[otelamqp.SentAtHeader] = int64(1_700_000_000_000_000_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := otelamqp.Sendable(p, &m); err != nil { // must would cost more than the check
			b.Fatal(err)
		}
	}
}
