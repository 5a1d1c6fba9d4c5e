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

// Consume runs the handler in the process span of each delivery. It settles the delivery as Settle decides.
func ExampleConsumer_Consume() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.consume", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	if err := publisher.Publish(context.Background(), otelamqp.Message{RoutingKey: "example.consume"}); err != nil {
		panic(err)
	}
	consumer, err := otelamqp.NewConsumer(traced, w3c, otelamqp.WithSettleSpans())
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	err = consumer.Consume(ctx, ch, "example.consume", otelamqp.ConsumeOptions{Settle: otelamqp.AckOrRequeue},
		func(context.Context, amqp091.Delivery) error {
			stop() // end after one message
			return nil
		})
	fmt.Println("error:", err)
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name(), "links:", len(span.Links()), "has a parent:", span.Parent().IsValid())
	}
	// Output:
	// error: <nil>
	// producer send example.consume links: 0 has a parent: false
	// client ack example.consume links: 1 has a parent: true
	// consumer process example.consume links: 1 has a parent: true
}
