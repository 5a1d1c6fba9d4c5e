package otelamqp_test

import (
	"context"
	"testing"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// acking answers every publishing with the same confirm, so that it allocates nothing itself.
type acking struct {
	stub
	confirm   *amqp091.DeferredConfirmation
	published int
}

func newAcking() *acking {
	d := &deferred{done: make(chan struct{})}
	d.answer(true)
	return &acking{confirm: d.confirmation()}
}

func (a *acking) PublishWithDeferredConfirmWithContext(context.Context, string, string, bool, bool, amqp091.Publishing) (*amqp091.DeferredConfirmation, error) {
	a.published++
	return a.confirm, nil
}

// discard is a span processor that drops all spans at no cost.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

func providers() map[string]trace.TracerProvider {
	return map[string]trace.TracerProvider{
		"noop":      tracenoop.NewTracerProvider(),
		"unsampled": sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()), sdktrace.WithSpanProcessor(discard{})),
		"sampled":   sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithSpanProcessor(discard{})),
	}
}

// benchMessage resembles a business event: it has identifiers and a header.
func benchMessage() otelamqp.Message {
	return otelamqp.Message{
		Exchange: "orders", RoutingKey: "order.created",
		Publishing: amqp091.Publishing{
			MessageId: "42", CorrelationId: "7", DeliveryMode: amqp091.Persistent, Body: make([]byte, 512),
			Headers: amqp091.Table{"tenant": "one"},
		},
	}
}

// allocations returns the allocations of one publishing. The stub channel allocates nothing.
func allocations(t *testing.T, tp trace.TracerProvider, mp metric.MeterProvider, publish func(*otelamqp.Publisher, otelamqp.Message)) float64 {
	t.Helper()
	ch := newAcking()
	p, err := otelamqp.NewPublisher(ch, otelamqp.WithTracerProvider(tp), otelamqp.WithMeterProvider(mp),
		otelamqp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.lose(nil) })
	otelamqp.ReuseHeaders(p)
	m := benchMessage()
	return testing.AllocsPerRun(2000, func() { publish(p, m) })
}

func publishSync(p *otelamqp.Publisher, m otelamqp.Message) {
	if err := p.Publish(context.Background(), m); err != nil {
		panic(err)
	}
}

func publishPipelined(p *otelamqp.Publisher, m otelamqp.Message) {
	c, err := p.PublishDeferred(context.Background(), m)
	if err != nil {
		panic(err)
	}
	if err := c.Wait(context.Background()); err != nil {
		panic(err)
	}
}

// window is a channel that confirms 256 messages only after all of them are published.
type window struct {
	stub
	pending  [256]deferred
	n        int
	confirms [256]*otelamqp.Confirmation
}

func (w *window) PublishWithDeferredConfirmWithContext(context.Context, string, string, bool, bool, amqp091.Publishing) (*amqp091.DeferredConfirmation, error) {
	d := &w.pending[w.n]
	*d = deferred{tag: uint64(w.n), done: make(chan struct{})}
	w.n++
	return d.confirmation(), nil
}

func (w *window) publish(p *otelamqp.Publisher, m otelamqp.Message) {
	for i := range w.confirms {
		c, err := p.PublishDeferred(context.Background(), m)
		if err != nil {
			panic(err)
		}
		w.confirms[i] = c
	}
	for i := range w.pending {
		w.pending[i].answer(true)
	}
	for _, c := range w.confirms {
		<-c.Done()
	}
	w.n = 0
}

func (w *window) raw() {
	for range w.pending {
		_, _ = w.PublishWithDeferredConfirmWithContext(context.Background(), "", "", false, false, amqp091.Publishing{})
	}
	for i := range w.pending {
		w.pending[i].answer(true)
	}
	w.n = 0
}

// TestAllocationsOfAPipeline: the same limits hold if confirms arrive later and lanes end the spans.
func TestAllocationsOfAPipeline(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	limits := map[string]float64{"sampled": 14, "unsampled": 7, "noop": 3}
	for name, tp := range providers() {
		ch := &window{}
		p, err := otelamqp.NewPublisher(ch, otelamqp.WithTracerProvider(tp), otelamqp.WithMeterProvider(metricnoop.NewMeterProvider()),
			otelamqp.WithPropagators(propagation.TraceContext{}))
		if err != nil {
			t.Fatal(err)
		}
		otelamqp.ReuseHeaders(p)
		m := benchMessage()
		size := float64(len(ch.confirms))
		each := (testing.AllocsPerRun(50, func() { ch.publish(p, m) }) - testing.AllocsPerRun(50, ch.raw)) / size
		t.Logf("pipeline of %.0f, %-10s %.1f allocations a message, the channel for Done included", size, name, each)
		// Done makes a channel for each confirmation; Wait does not need it.
		if each > limits[name]+1.05 {
			t.Errorf("%s: %.2f allocations a message, at most %.0f and the channel for Done wanted", name, each, limits[name])
		}
		ch.lose(nil)
	}
}

func TestAllocationsOfPublishing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	limits := map[string]float64{"sampled": 14, "unsampled": 7, "noop": 3}
	ways := map[string]func(*otelamqp.Publisher, otelamqp.Message){"Publish": publishSync, "PublishDeferred": publishPipelined}
	for name, tp := range providers() {
		for way, publish := range ways {
			without := allocations(t, tp, metricnoop.NewMeterProvider(), publish)
			if without > limits[name] {
				t.Errorf("%s, %s: %.0f allocations, at most %.0f wanted", way, name, without, limits[name])
			}
			mp := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
			with := allocations(t, tp, mp, publish)
			t.Logf("%-16s %-10s %.0f allocations, %.0f with metrics", way, name, without, with)
			if with > without {
				t.Errorf("%s, %s: metrics add %.1f allocations", way, name, with-without)
			}
		}
	}
}
