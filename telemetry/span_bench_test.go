package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// BenchmarkSpans measures the CPU time of this process for a span: its start, its end, and its export to a Collector that reads and
// drops it. An operation is the three spans of a hop (send, process, and a transaction), with as many attributes as those of the
// services. "alone" exports nothing.
func BenchmarkSpans(b *testing.B) {
	b.Run("alone", func(b *testing.B) { benchmarkSpans(b, "none") })
	b.Run("exported", func(b *testing.B) { benchmarkSpans(b, "otlp") })
}

func benchmarkSpans(b *testing.B, exporter string) {
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	b.Cleanup(collector.Close)
	b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	b.Setenv("OTEL_TRACES_EXPORTER", exporter)
	tel, err := telemetry.Start(b.Context(), telemetry.Config{Service: "order", LogOutput: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	tracer := tel.TracerProvider.Tracer("bench")
	const hop = 3
	n, began := 0, cpuTime(b)
	for b.Loop() {
		n++
		hopSpans(tracer)
		if n%1000 == 0 { // a queue that is full would make spans cheap
			if err := tel.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := tel.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpuTime(b)-began).Nanoseconds())/1000/float64(n*hop), "us-cpu/span")
	if lost := tel.Lost(); lost != (telemetry.Lost{}) {
		b.Errorf("lost: %+v", lost)
	}
}

// fixed are the attributes that all spans of a destination or a transaction share.
var fixed = []attribute.KeyValue{
	semconv.MessagingSystemRabbitMQ, semconv.MessagingOperationName("process"), semconv.MessagingOperationTypeProcess,
	semconv.MessagingDestinationName("events:order.order-confirmed.v2:kitchen.order-confirmed"),
	semconv.MessagingRabbitMQDestinationRoutingKey("order.order-confirmed.v2"), semconv.ServerAddress("127.0.0.1"),
	semconv.ServerPort(5672), semconv.MessagingClientID("kitchen-0f8fad5b"),
}

var own = []attribute.KeyValue{
	semconv.MessagingMessageID("0f8fad5b-d9cb-469f-a165-70867728950e.v2"), semconv.MessagingMessageConversationID("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
	semconv.MessagingRabbitMQMessageDeliveryTag(17), attribute.Float64("traceria.queue.wait_ms", 3.25), attribute.Int("traceria.delivery.attempt", 1),
}

func hopSpans(tracer trace.Tracer) {
	ctx := telemetry.WithConversation(context.Background(), "7c9e6679-7425-40de-944b-e07fc1f90ae7")
	ctx, send := tracer.Start(ctx, "send events:order.order-confirmed.v2", trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(fixed...))
	send.SetAttributes(own[:2]...)
	send.End()
	ctx, process := tracer.Start(ctx, "process events:order.order-confirmed.v2:kitchen.order-confirmed", trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(fixed...), trace.WithAttributes(own...), trace.WithLinks(trace.Link{SpanContext: send.SpanContext()}))
	process.SetAttributes(telemetry.KindKey.String(telemetry.Event))
	_, transaction := tracer.Start(ctx, "BEGIN", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(fixed[:2]...))
	transaction.SetName("INSERT tickets + outbox")
	transaction.SetAttributes(append(append(make([]attribute.KeyValue, 0, 12), fixed[3:]...), own[2:]...)...)
	transaction.End()
	process.SetAttributes(attribute.String("traceria.message.settled", "ack"))
	process.End()
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
