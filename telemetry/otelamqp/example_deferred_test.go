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

// PublishDeferred does not wait for the confirm, so many messages can be outstanding.
func ExamplePublisher_PublishDeferred() {
	conn, err := amqp091.Dial(rabbitmqtest.URL()) // for example amqp://guest:guest@127.0.0.1:5672/
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		panic(err)
	}
	if _, err := ch.QueueDeclare("example.deferred", false, true, true, false, nil); err != nil {
		panic(err)
	}
	spans := tracetest.NewSpanRecorder() // a service uses its own tracer provider, or omits the option to use the global one
	traced := otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	w3c := otelamqp.WithPropagators(propagation.TraceContext{})

	publisher, err := otelamqp.NewPublisher(ch, traced, w3c)
	if err != nil {
		panic(err)
	}
	var outstanding []*otelamqp.Confirmation
	for range 3 {
		confirmation, err := publisher.PublishDeferred(context.Background(), otelamqp.Message{
			RoutingKey: "example.deferred", Mandatory: true, Publishing: amqp091.Publishing{Body: []byte("pizza")},
		})
		if err != nil {
			panic(err)
		}
		outstanding = append(outstanding, confirmation)
	}
	for _, confirmation := range outstanding {
		fmt.Println("error:", confirmation.Wait(context.Background()))
	}
	fmt.Println("spans:", len(spans.Ended()))
	// Output:
	// error: <nil>
	// error: <nil>
	// error: <nil>
	// spans: 3
}
