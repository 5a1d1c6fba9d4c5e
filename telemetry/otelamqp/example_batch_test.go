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

// ProcessBatch processes several deliveries in one span with a link to each send span.
func ExampleConsumer_ProcessBatch() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.batch", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	var batch []amqp091.Delivery
	for range 2 {
		if err := publisher.Publish(context.Background(), otelamqp.Message{RoutingKey: "example.batch"}); err != nil {
			panic(err)
		}
		delivery, _, err := ch.Get("example.batch", false)
		if err != nil {
			panic(err)
		}
		batch = append(batch, delivery)
	}
	consumer, err := otelamqp.NewConsumer(traced, w3c)
	if err != nil {
		panic(err)
	}
	err = consumer.ProcessBatch(context.Background(), "example.batch", batch, func(_ context.Context, batch []amqp091.Delivery) error {
		return batch[len(batch)-1].Ack(true)
	})
	fmt.Println("error:", err)
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name(), "links:", len(span.Links()), "has a parent:", span.Parent().IsValid())
	}
	// Output:
	// error: <nil>
	// producer send example.batch links: 0 has a parent: false
	// producer send example.batch links: 0 has a parent: false
	// consumer process example.batch links: 2 has a parent: false
}
