package conformance_test

import (
	"context"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
	"traceria/services/scenario/conformance"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// courier is a service in Go with otelamqp.
type courier struct {
	ch      *amqp091.Channel
	options conformance.Options
	// data returns the payloads that it publishes for an order.
	data func(orderID string) []event.Payload
}

func goodData(orderID string) []event.Payload {
	return []event.Payload{event.DeliveryNotificationSent{OrderID: orderID, CustomerID: "c-1"}, event.OrderDelivered{OrderID: orderID}}
}

// newCourier declares exchange and queue.
func newCourier(t *testing.T, o conformance.Options) *courier {
	t.Helper()
	conn, err := amqp091.Dial(o.AMQPURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err == nil {
		err = ch.ExchangeDeclare(o.Exchange, "topic", true, false, false, false, nil)
	}
	if err == nil {
		_, err = ch.QueueDeclare(o.Queue, true, false, false, false, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &courier{ch, o, goodData}
}

func (c *courier) bind(t *testing.T) {
	t.Helper()
	if err := c.ch.QueueBind(c.options.Queue, event.OrderBoxedV1.RoutingKey(), c.options.Exchange, false, nil); err != nil {
		t.Fatal(err)
	}
}

// consume handles messages until the test ends.
func (c *courier) consume(t *testing.T) {
	t.Helper()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: c.options.Service, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	with := []otelamqp.Option{
		otelamqp.WithTracerProvider(tel.TracerProvider), otelamqp.WithPropagators(tel.Propagator), otelamqp.WithServerAddress("127.0.0.1", 5672),
	}
	publisher, err := otelamqp.NewPublisher(c.ch, with...)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := otelamqp.NewConsumer(with...)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- consumer.Consume(t.Context(), c.ch, c.options.Queue, otelamqp.ConsumeOptions{Settle: otelamqp.AckOrReject},
			func(ctx context.Context, d amqp091.Delivery) error { return c.handle(ctx, publisher, d) })
	}()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = tel.Shutdown(context.Background())
	})
}

func (c *courier) handle(ctx context.Context, publisher *otelamqp.Publisher, d amqp091.Delivery) error {
	boxed, err := event.DecodeMessage(d.ContentType, d.Headers, d.Body)
	if err != nil {
		return err
	}
	order := boxed.Metadata.ConversationID
	for _, payload := range c.data(order) {
		made, err := event.New(ctx, c.options.Service, order, payload)
		if err != nil {
			return err
		}
		contentType, body, err := event.Encode(made[0], event.MetadataFormat)
		if err != nil {
			return err
		}
		if err := publisher.Publish(ctx, otelamqp.Message{
			Exchange: c.options.Exchange, RoutingKey: payload.Type().RoutingKey(),
			Publishing: amqp091.Publishing{
				MessageId: made[0].Metadata.MessageID(), CorrelationId: order, ContentType: contentType, Body: body,
			},
		}); err != nil {
			return err
		}
	}
	return nil
}
