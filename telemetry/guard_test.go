package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// hostile are texts that OTLP does not take, or that a receiver takes only in part.
var hostile = []string{"\xff", "a\xc3", "\xed\xa0\x80", "\x00", strings.Repeat("x", 1<<20), strings.Repeat("\xf0\x9f\x8d", 5000), "\xff\xfe\xfd"}

// doors are the ways by which a text from outside gets into telemetry.
func doors(t testing.TB, tel *telemetry.Telemetry) map[string]func(text string) {
	tracer, meter := tel.TracerProvider.Tracer("test"), tel.MeterProvider.Meter("test")
	counter, err := meter.Int64Counter("test.count")
	if err != nil {
		t.Fatal(err)
	}
	histogram, err := meter.Float64Histogram("test.time")
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := otelamqp.NewConsumer(otelamqp.WithTracerProvider(tel.TracerProvider), otelamqp.WithMeterProvider(tel.MeterProvider))
	if err != nil {
		t.Fatal(err)
	}
	server := tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		telemetry.WithConversation(r.Context(), r.URL.Path)
	}))
	return map[string]func(string){
		"span": func(text string) {
			_, span := tracer.Start(context.Background(), text, trace.WithAttributes(attribute.String("a", text), attribute.StringSlice("b", []string{"c", text}), attribute.String(text, "d")),
				trace.WithLinks(trace.Link{SpanContext: trace.SpanContextFromContext(context.Background()), Attributes: []attribute.KeyValue{attribute.String("e", text)}}))
			span.AddEvent(text, trace.WithAttributes(attribute.String("f", text)))
			span.RecordError(errors.New(text))
			span.SetStatus(codes.Error, text)
			span.End()
		},
		"metric": func(text string) {
			counter.Add(context.Background(), 1, metric.WithAttributes(attribute.String("a", text), attribute.String(text, "b")))
			histogram.Record(context.Background(), 1, metric.WithAttributes(attribute.String("c", text)))
		},
		"log": func(text string) {
			tel.Log.Info().Str("a", text).Err(errors.New(text)).Bytes("b", []byte(text)).Msg(text)
			_, _ = tel.Log.Write([]byte(text)) // a line that is not JSON
		},
		"HTTP": func(text string) {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
			r.URL.Path, r.URL.RawQuery, r.Host, r.Method = text, text, text, text
			for _, name := range []string{"User-Agent", "Traceparent", "Tracestate", "X-Forwarded-For"} {
				r.Header.Set(name, text)
			}
			server.ServeHTTP(httptest.NewRecorder(), r)
		},
		"AMQP": func(text string) {
			d := amqp091.Delivery{
				Exchange: text, RoutingKey: text, MessageId: text, CorrelationId: text, Type: text, AppId: text, ConsumerTag: text, ReplyTo: text, UserId: text,
				Headers: amqp091.Table{"traceparent": text, "tracestate": text, "baggage": text, text: text},
			}
			_ = consumer.Process(context.Background(), text, d, func(context.Context, amqp091.Delivery) error { return &amqp091.Error{Code: 404, Reason: text} })
			_ = consumer.ProcessBatch(context.Background(), text, []amqp091.Delivery{d, {RoutingKey: "k"}}, func(context.Context, []amqp091.Delivery) error { return typed(text) })
		},
	}
}

// typed is an error whose type comes from outside.
type typed string

func (e typed) Error() string     { return string(e) }
func (e typed) ErrorType() string { return string(e) }

// Whatever the texts are, the spans, records and metrics of others are exported, and nothing is lost.
func TestNoTextFromOutsideCostsTheTelemetryOfOthers(t *testing.T) {
	var names []string
	s := newStandIn(t)
	s.listen(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+s.address)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=%ff,host.name=a%c3")
	log := &lockedBuffer{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", LogOutput: log})
	if err != nil {
		t.Fatal(err)
	}
	spans := 0
	for door, enter := range doors(t, tel) {
		names = append(names, door)
		for _, text := range hostile {
			work(t, tel, 1)
			enter(text)
			work(t, tel, 1)
			spans += 2
		}
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Errorf("%v: %v", names, err)
	}
	if got := len(s.spans); got < spans+len(hostile)*4 { // of work, and those of span, HTTP and AMQP (two)
		t.Errorf("%d spans came, want at least %d", got, spans+len(hostile)*4)
	}
	for signal, lost := range s.dropped() {
		if lost > 0 {
			t.Errorf("%d of the %s were lost", lost, signal)
		}
	}
	found := map[string]bool{}
	for _, m := range s.metrics {
		found[m.Name()] = true
	}
	for _, name := range []string{"test.count", "test.time", "messaging.process.duration", "http.server.request.duration"} {
		if !found[name] {
			t.Errorf("the metric %s did not come: %v", name, found)
		}
	}
	if strings.Contains(log.String(), "cannot export") {
		t.Errorf("an export failed:\n%.2000s", log)
	}
}

// FuzzDoors: any text at any door leaves the neighbours' telemetry whole. All texts share one telemetry, as in a service.
func FuzzDoors(f *testing.F) {
	for _, text := range hostile {
		f.Add(text[:min(len(text), 64)])
	}
	s := newStandIn(f)
	s.listen(f)
	f.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+s.address)
	log := &lockedBuffer{}
	tel, err := telemetry.Start(f.Context(), telemetry.Config{Service: "order", LogOutput: log})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	entrances := doors(f, tel)
	metrics := tel.MeterProvider.(interface{ ForceFlush(context.Context) error })
	f.Fuzz(func(t *testing.T, text string) {
		before := s.counted()
		for _, enter := range entrances {
			enter(text)
		}
		work(t, tel, 1)
		if err := errors.Join(tel.Flush(t.Context()), metrics.ForceFlush(t.Context())); err != nil {
			t.Fatalf("%q (valid: %t): %v", text, utf8.ValidString(text), err)
		}
		if came := s.counted() - before; came < 5 { // of the four doors with spans, and the neighbour
			t.Fatalf("%q: %d spans came", text, came)
		}
		if strings.Contains(log.String(), "cannot export") {
			t.Fatalf("%q: an export failed", text)
		}
		s.forget()
		log.forget()
	})
}

// counted returns the number of spans that came.
func (s *standIn) counted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.spans)
}

// forget drops what came, so that a long run does not fill the memory.
func (s *standIn) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.spans)
	clear(s.keys)
	clear(s.names)
	s.metrics = nil
}

// The check of the text costs little beside the export.
func BenchmarkExportOfValidText(b *testing.B) {
	s := newStandIn(b)
	s.listen(b)
	b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+s.address)
	tel, err := telemetry.Start(b.Context(), telemetry.Config{Service: "order", LogOutput: &lockedBuffer{}})
	if err != nil {
		b.Fatal(err)
	}
	tracer := tel.TracerProvider.Tracer("test")
	attrs := make([]attribute.KeyValue, 15)
	for i := range attrs {
		attrs[i] = attribute.String(fmt.Sprint("messaging.attribute.", i), "events:order.order-confirmed.v2:kitchen.order-confirmed")
	}
	for b.Loop() {
		_, span := tracer.Start(b.Context(), "process", trace.WithAttributes(attrs...))
		span.End()
	}
	_ = tel.Shutdown(context.Background())
}
