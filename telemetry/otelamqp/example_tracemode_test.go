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

// In the mode Link each process span starts a new trace with a link to the send span.
func ExampleWithTraceMode() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.mode", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	if err := publisher.Publish(context.Background(), otelamqp.Message{RoutingKey: "example.mode"}); err != nil {
		panic(err)
	}
	delivery, _, err := ch.Get("example.mode", true)
	if err != nil {
		panic(err)
	}
	link := otelamqp.WithTraceMode(func(context.Context) otelamqp.TraceMode { return otelamqp.Link })
	consumer, err := otelamqp.NewConsumer(traced, w3c, link)
	if err != nil {
		panic(err)
	}
	err = consumer.Process(context.Background(), "example.mode", delivery, func(context.Context, amqp091.Delivery) error { return nil })
	fmt.Println("error:", err)
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name(), "links:", len(span.Links()), "has a parent:", span.Parent().IsValid())
	}
	// Output:
	// error: <nil>
	// producer send example.mode links: 0 has a parent: false
	// consumer process example.mode links: 1 has a parent: false
}
