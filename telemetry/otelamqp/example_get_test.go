package otelamqp_test

import (
	"context"
	"fmt"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Get fetches one message with basic.get in a receive span. Process handles the message in a process span.
func ExampleConsumer_Get() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.get", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	if err := publisher.Publish(context.Background(), otelamqp.Message{RoutingKey: "example.get"}); err != nil {
		panic(err)
	}
	consumer, err := otelamqp.NewConsumer(traced, w3c)
	if err != nil {
		panic(err)
	}
	delivery, ok, err := consumer.Get(context.Background(), ch, "example.get", false)
	fmt.Println(ok, err)
	err = consumer.Process(context.Background(), "example.get", delivery, func(_ context.Context, d amqp091.Delivery) error {
		return d.Ack(false)
	})
	fmt.Println("error:", err)
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name(), "links:", len(span.Links()), "has a parent:", span.Parent().IsValid())
	}
	// Output:
	// true <nil>
	// error: <nil>
	// producer send example.get links: 0 has a parent: false
	// client receive example.get links: 1 has a parent: false
	// consumer process example.get links: 1 has a parent: true
}
