package otelamqp_test

import (
	"context"
	"errors"
	"fmt"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Publish returns nil when the broker has confirmed the message and a queue has it.
func ExamplePublisher_Publish() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.publish", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	for _, queue := range []string{"example.publish", "no.such.queue"} {
		err := publisher.Publish(context.Background(), otelamqp.Message{
			RoutingKey: queue, Mandatory: true, Publishing: amqp091.Publishing{MessageId: "1", Body: []byte("pizza")},
		})
		fmt.Println("unroutable:", errors.Is(err, otelamqp.ErrUnroutable))
	}
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name(), "links:", len(span.Links()), "has a parent:", span.Parent().IsValid())
	}
	// Output:
	// unroutable: false
	// unroutable: true
	// producer send example.publish links: 0 has a parent: false
	// producer send no.such.queue links: 0 has a parent: false
}
