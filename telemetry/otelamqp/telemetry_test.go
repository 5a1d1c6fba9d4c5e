package otelamqp_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// bundle holds the telemetry of a test.
type bundle struct {
	t       *testing.T
	spans   *tracetest.SpanRecorder
	sampler *witness
	reader  *sdkmetric.ManualReader
	tracer  trace.Tracer
	opts    []otelamqp.Option
}

// witness samples everything and records what the sampler saw.
type witness struct {
	mu   sync.Mutex
	seen []sdktrace.SamplingParameters
}

func (w *witness) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, p)
	return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

func (w *witness) Description() string { return "witness" }

// atStart returns the attributes with which the named span started.
func (w *witness) atStart(t *testing.T, name string) map[attribute.Key]any {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.seen {
		if p.Name == name {
			return values(p.Attributes)
		}
	}
	t.Fatalf("no span %q was started", name)
	return nil
}

func newBundle(t *testing.T) *bundle {
	b := &bundle{t: t, spans: tracetest.NewSpanRecorder(), sampler: &witness{}, reader: sdkmetric.NewManualReader()}
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans), sdktrace.WithSampler(b.sampler))
	mp := sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader))
	b.tracer = tp.Tracer("test")
	b.opts = []otelamqp.Option{
		otelamqp.WithTracerProvider(tp), otelamqp.WithMeterProvider(mp),
		otelamqp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
	}
	return b
}

func (b *bundle) publisher(ch otelamqp.PublishChannel, opts ...otelamqp.Option) *otelamqp.Publisher {
	b.t.Helper()
	p, err := otelamqp.NewPublisher(ch, append(slices.Clip(b.opts), opts...)...)
	must(b.t, err)
	if s, ok := ch.(*stub); ok {
		b.t.Cleanup(func() {
			defer func() { _ = recover() }() // the test may have closed the channel
			s.lose(nil)
		})
	}
	return p
}

func (b *bundle) consumer(opts ...otelamqp.Option) *otelamqp.Consumer {
	b.t.Helper()
	c, err := otelamqp.NewConsumer(append(slices.Clip(b.opts), opts...)...)
	must(b.t, err)
	return c
}

// one returns the only ended span.
func (b *bundle) one() sdktrace.ReadOnlySpan {
	b.t.Helper()
	ended := b.spans.Ended()
	if len(ended) != 1 {
		b.t.Fatalf("%d spans ended, want 1: %v", len(ended), names(ended))
	}
	return ended[0]
}

// named returns the only ended span with the name.
func (b *bundle) named(name string) sdktrace.ReadOnlySpan {
	b.t.Helper()
	var found []sdktrace.ReadOnlySpan
	for _, s := range b.spans.Ended() {
		if s.Name() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%d spans %q ended, want 1, among %v", len(found), name, names(b.spans.Ended()))
	}
	return found[0]
}

func names(spans []sdktrace.ReadOnlySpan) []string {
	var all []string
	for _, s := range spans {
		all = append(all, s.Name())
	}
	return all
}

// values returns attributes as a map, for comparison.
func values(attrs []attribute.KeyValue) map[attribute.Key]any {
	m := map[attribute.Key]any{}
	for _, kv := range attrs {
		m[kv.Key] = kv.Value.AsInterface()
	}
	return m
}

// metrics returns the collected metrics by name.
func (b *bundle) metrics() map[string]metricdata.Metrics {
	b.t.Helper()
	var rm metricdata.ResourceMetrics
	must(b.t, b.reader.Collect(context.Background(), &rm))
	all := map[string]metricdata.Metrics{}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			all[m.Name] = m
		}
	}
	return all
}

// counted returns the data points of a counter by their attributes.
func counted(t *testing.T, m metricdata.Metrics) []metricdata.DataPoint[int64] {
	t.Helper()
	sum, ok := m.Data.(metricdata.Sum[int64])
	if !ok {
		t.Fatalf("%q is no counter of whole numbers: %T", m.Name, m.Data)
	}
	return sum.DataPoints
}

func histogram(t *testing.T, m metricdata.Metrics) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	h, ok := m.Data.(metricdata.Histogram[float64])
	if !ok {
		t.Fatalf("%q is no histogram: %T", m.Name, m.Data)
	}
	return h.DataPoints
}

// remote is the context of a remote send span.
func remote() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2, 3}, SpanID: trace.SpanID{4, 5, 6}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
}

// delivery is a message of the exchange orders. Its headers hold the context of remote. It was sent sentAgo ago.
func delivery(sentAgo time.Duration) amqp091.Delivery {
	headers := amqp091.Table{
		"traceparent": "00-01020300000000000000000000000000-0405060000000000-01",
		"baggage":     "tenant=one",
	}
	if sentAgo >= 0 {
		headers[otelamqp.SentAtHeader] = time.Now().Add(-sentAgo).UnixNano()
	}
	return amqp091.Delivery{
		Acknowledger: &settlement{}, Headers: headers, MessageId: "m-1", CorrelationId: "c-1", ConsumerTag: "ctag",
		DeliveryTag: 9, Exchange: "orders", RoutingKey: "order.created", Body: []byte("hello"),
	}
}

func nothing(context.Context, amqp091.Delivery) error { return nil }

// eventually waits at most 10 s for a condition that another goroutine fulfils.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
