package otelamqp_test

import (
	"context"
	"fmt"
	"strings"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Prepare completes a message after its trace context is known. Here it writes the context into the body, for consumers
// that lose the headers.
func ExampleMessage_prepare() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.prepare", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	err = publisher.Publish(context.Background(), otelamqp.Message{
		RoutingKey: "example.prepare",
		Prepare: func(_ context.Context, p *amqp091.Publishing) error {
			p.Body = []byte(otelamqp.HeaderCarrier(p.Headers).Get("traceparent"))
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	delivery, _, err := ch.Get("example.prepare", true)
	if err != nil {
		panic(err)
	}
	fmt.Println("the body is a traceparent:", strings.HasPrefix(string(delivery.Body), "00-"))
	// Output:
	// the body is a traceparent: true
}
