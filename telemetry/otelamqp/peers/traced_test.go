package peers

import (
	"context"
	"errors"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// traced is amqp091-go with otelamqp: every message has a send span and a process span, which are sampled, and counts in the
// metrics.
type traced struct {
	*raw
	publisher *otelamqp.Publisher
	consumer  *otelamqp.Consumer
	spans     *sdktrace.TracerProvider
}

// exportNothing is an exporter behind the SDK's batch processor. A span goes through everything except the network.
type exportNothing struct{}

func (exportNothing) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (exportNothing) Shutdown(context.Context) error                             { return nil }

func openTraced(_ context.Context, url, queue string) (client, error) {
	conn, ch, err := confirming(url)
	if err != nil {
		return nil, err
	}
	spans := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exportNothing{}))
	options := []otelamqp.Option{
		otelamqp.WithTracerProvider(spans),
		otelamqp.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))),
		otelamqp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
	}
	publisher, err := otelamqp.NewPublisher(ch, options...)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	consumer, err := otelamqp.NewConsumer(options...)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &traced{&raw{conn, ch, queue}, publisher, consumer, spans}, nil
}

func (c *traced) publish(ctx context.Context, bodies [][]byte, size int) error {
	unconfirmed := window{size: size}
	for _, body := range bodies {
		confirmation, err := c.publisher.PublishDeferred(ctx, otelamqp.Message{RoutingKey: c.queue, Publishing: publishing(body)})
		if err != nil {
			return err
		}
		err = unconfirmed.add(ctx, func(ctx context.Context) (bool, error) { return true, confirmation.Wait(ctx) })
		if err != nil {
			return err
		}
	}
	return unconfirmed.drain(ctx)
}

func (c *traced) consume(ctx context.Context, n int, seen func([]byte)) (func() error, error) {
	return consuming(ctx, c.conn, c.queue, n, func(d amqp091.Delivery) error {
		return c.consumer.Process(ctx, c.queue, d, func(_ context.Context, d amqp091.Delivery) error {
			seen(d.Body)
			return d.Ack(false)
		})
	})
}

func (c *traced) close() error {
	return errors.Join(c.spans.Shutdown(context.Background()), c.raw.close())
}
