// Survey is a subscriber outside the pizzeria, which asks customers about the food. It declares its own queue. Its
// spans join the order's conversation, because the event carries the context.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

const queue = "survey.order-delivered"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	tel, err := telemetry.Start(ctx, telemetry.Config{Service: "survey"})
	if err != nil {
		return err
	}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = tel.Shutdown(fresh)
	}()
	conn, err := amqp091.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		return err
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if _, err := ch.QueueDeclare(queue, true, false, false, false, amqp091.Table{"x-queue-type": "quorum", "x-delivery-limit": 100}); err != nil {
		return err
	}
	if err := ch.QueueBind(queue, "delivery.order-delivered.*", "events", false, nil); err != nil {
		return err
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	consumer, err := otelamqp.NewConsumer(otelamqp.WithTracerProvider(tel.TracerProvider),
		otelamqp.WithMeterProvider(tel.MeterProvider), otelamqp.WithPropagators(tel.Propagator))
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d, open := <-deliveries:
			if !open {
				return amqp091.ErrClosed
			}
			conversation := telemetry.WithConversation(ctx, d.CorrelationId)
			if err := consumer.Process(conversation, queue, d, ask); err != nil {
				return err
			}
		}
	}
}

func ask(_ context.Context, d amqp091.Delivery) error {
	var event struct {
		Data struct{ OrderID string }
	}
	if err := json.Unmarshal(d.Body, &event); err != nil {
		return d.Reject(false)
	}
	fmt.Println("how was order", event.Data.OrderID)
	return d.Ack(false)
}
