package inject_test

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/failure"
	"traceria/services/failure/inject"
	"traceria/telemetry"
)

// BenchmarkHappyPath measures the cost of the switches for a handler that does nothing, the worst ratio possible.
// "without" has no seam, "off" has a seam and switches that are off, "rule" has kitchen.slow on for another customer.
// The three take turns; the ratios are those of the medians.
func BenchmarkHappyPath(b *testing.B) {
	tel, err := telemetry.Start(b.Context(), telemetry.Config{Service: "kitchen", Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	tracer := tel.TracerProvider.Tracer("bench")
	contentType, body, err := event.Encode(eventtest.New(b, "o-1", event.TicketOpened{OrderID: "o-1", OrderNumber: "ORD676", Items: []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem, Pieces: 6}}})[0], event.MetadataFormat)
	if err != nil {
		b.Fatal(err)
	}
	handling := inject.New("kitchen", tel).Broker().Handling
	attempt := func(ctx context.Context, seam bool) {
		ctx, span := tracer.Start(ctx, "process", trace.WithSpanKind(trace.SpanKindConsumer))
		defer span.End()
		e, err := event.DecodeAs(contentType, body)
		if err != nil {
			b.Fatal(err)
		}
		work := func(context.Context) error {
			_, err := event.Data[event.TicketOpened](e)
			return err
		}
		if !seam {
			err = work(ctx)
		} else {
			err = handling(ctx, &broker.Attempt{Queue: "kitchen.ticket-opened", Number: 1, Envelope: &e, Message: amqp091.Delivery{Headers: broker.Headers{}}}, work)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	ways := []struct {
		name string
		ctx  context.Context
		seam bool
	}{
		{"without", b.Context(), false}, {"off", switched(b, nil), true}, {"rule", switched(b, &failure.Setting{Customer: "another"}), true},
	}
	const batch = 200
	took := make([][]float64, len(ways))
	for b.Loop() {
		for i, way := range ways {
			began := time.Now()
			for range batch {
				attempt(way.ctx, way.seam)
			}
			took[i] = append(took[i], float64(time.Since(began).Nanoseconds())/batch)
		}
	}
	b.ReportMetric(0, "ns/op") // the sum of all three means nothing
	median := func(i int) float64 { slices.Sort(took[i]); return took[i][len(took[i])/2] }
	for i, way := range ways {
		b.ReportMetric(median(i), "ns/"+way.name)
	}
	b.ReportMetric(median(1)/median(0), "off/without")
	b.ReportMetric(median(2)/median(0), "rule/without")
}

// switched returns a context with switches. If setting is not nil, kitchen.slow is set to it.
func switched(b *testing.B, setting *failure.Setting) context.Context {
	b.Helper()
	file := failure.File{Path: filepath.Join(b.TempDir(), "flags.json")}
	if setting != nil {
		if _, err := file.Set(failure.KitchenSlow, *setting); err != nil {
			b.Fatal(err)
		}
	}
	s, err := failure.Open(failure.Options{Service: "kitchen", File: file, Log: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return failure.NewContext(telemetry.WithConversation(b.Context(), "o-1"), s)
}
