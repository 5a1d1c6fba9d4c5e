// Command example shows otelamqp without the pizzeria. It publishes an order to RabbitMQ. A kitchen consumes the order
// and publishes that the meal is ready. The command then prints the trace as a tree. It needs a broker, at AMQP_URL or
// at amqp://guest:guest@127.0.0.1:5672/.
//
//	go run ./telemetry/otelamqp/example
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace" //nolint:depguard // a separate program starts its own SDK
)

func main() {
	url := cmp.Or(os.Getenv("AMQP_URL"), "amqp://guest:guest@127.0.0.1:5672/")
	if err := run(context.Background(), url, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

// run sends one order through the kitchen and prints its trace.
func run(ctx context.Context, url string, out io.Writer) error {
	spans := &tree{}
	opts := []otelamqp.Option{
		otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))),
		otelamqp.WithPropagators(propagation.TraceContext{}),
	}
	conn, err := amqp091.Dial(url)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", url, err)
	}
	defer conn.Close() //nolint:errcheck // all messages are confirmed by then
	if err := order(ctx, conn, opts); err != nil {
		return err
	}
	spans.print(out)
	return nil
}

// order publishes an order. It returns after the hall has the message that the meal is ready.
func order(ctx context.Context, conn *amqp091.Connection, opts []otelamqp.Option) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	for _, queue := range []string{"example.kitchen", "example.hall"} {
		if _, err := ch.QueueDeclare(queue, false, true, true, false, nil); err != nil {
			return fmt.Errorf("declare %s: %w", queue, err)
		}
	}
	publisher, err := otelamqp.NewPublisher(ch, opts...)
	if err != nil {
		return err
	}
	if err := publisher.Publish(ctx, message("example.kitchen", "one Margherita")); err != nil {
		return err
	}
	cook := func(ctx context.Context, d amqp091.Delivery) error {
		return publisher.Publish(ctx, message("example.hall", "ready: "+string(d.Body)))
	}
	serve := func(context.Context, amqp091.Delivery) error { return nil }
	if err := take(ctx, conn, "example.kitchen", opts, cook); err != nil {
		return err
	}
	return take(ctx, conn, "example.hall", opts, serve)
}

func message(queue, body string) otelamqp.Message {
	return otelamqp.Message{RoutingKey: queue, Mandatory: true, Publishing: amqp091.Publishing{Body: []byte(body)}}
}

// take consumes one message.
func take(ctx context.Context, conn *amqp091.Connection, queue string, opts []otelamqp.Option, h otelamqp.Handler) error {
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	consumer, err := otelamqp.NewConsumer(opts...)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var failure error
	err = consumer.Consume(ctx, ch, queue, otelamqp.ConsumeOptions{
		Settle:  otelamqp.AckOrRequeue,
		OnError: func(_ context.Context, _ amqp091.Delivery, err error) { failure = err },
	}, func(ctx context.Context, d amqp091.Delivery) error {
		defer stop()
		return h(ctx, d)
	})
	if err != nil {
		return err
	}
	return failure
}
