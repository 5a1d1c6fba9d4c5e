package otelamqp_test

import (
	"context"
	"fmt"
	"time"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// A message older than the maximum age does not extend its old trace. It starts a new trace with a link.
func ExampleWithMaxAge() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.maxage", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	if err := publisher.Publish(context.Background(), otelamqp.Message{RoutingKey: "example.maxage"}); err != nil {
		panic(err)
	}
	consumer, err := otelamqp.NewConsumer(traced, w3c, otelamqp.WithMaxAge(time.Hour))
	if err != nil {
		panic(err)
	}
	delivery, _, err := ch.Get("example.maxage", true)
	if err != nil {
		panic(err)
	}
	done := func(context.Context, amqp091.Delivery) error { return nil }
	fmt.Println("error:", consumer.Process(context.Background(), "example.maxage", delivery, done))

	delivery.Headers[otelamqp.SentAtHeader] = time.Now().Add(-2 * time.Hour).UnixNano() // as after a wait of two hours
	fmt.Println("error:", consumer.Process(context.Background(), "example.maxage", delivery, done))
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name(), "links:", len(span.Links()), "has a parent:", span.Parent().IsValid())
	}
	// Output:
	// error: <nil>
	// error: <nil>
	// producer send example.maxage links: 0 has a parent: false
	// consumer process example.maxage links: 1 has a parent: true
	// consumer process example.maxage links: 1 has a parent: false
}
