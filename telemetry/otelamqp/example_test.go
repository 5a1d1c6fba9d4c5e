package otelamqp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// kitchenTable is what the examples run on: a channel to a real broker, with a queue bound to the exchange meals, and a
// tracer provider that keeps the spans.
type kitchenTable struct {
	conn  *amqp091.Connection
	ch    *amqp091.Channel
	queue string
	spans *tracetest.SpanRecorder
	opts  []otelamqp.Option
}

func setTable(queue string) *kitchenTable {
	conn := check(amqp091.Dial(rabbitmqtest.URL()))
	ch := check(conn.Channel())
	check(0, ch.ExchangeDeclare("meals", "topic", false, true, false, false, nil))
	check(ch.QueueDeclare(queue, false, true, true, false, nil))
	check(0, ch.QueueBind(queue, queue, "meals", false, nil))
	spans := tracetest.NewSpanRecorder()
	return &kitchenTable{conn, ch, queue, spans, []otelamqp.Option{
		otelamqp.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))),
		otelamqp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
	}}
}

// clear prints each span with its outcome, its parent and its links, and leaves.
func (k *kitchenTable) clear() {
	name := map[string]string{}
	for _, s := range k.spans.Ended() {
		name[s.SpanContext().SpanID().String()] = s.Name()
	}
	for _, s := range k.spans.Ended() {
		line := strings.ToUpper(s.SpanKind().String()) + " " + s.Name()
		if errorType := values(s.Attributes())["error.type"]; errorType != nil {
			line += fmt.Sprintf(", error.type=%s", errorType)
		}
		if s.Parent().IsValid() {
			line += ", child of " + name[s.Parent().SpanID().String()]
		}
		for _, l := range s.Links() {
			line += ", linked to " + name[l.SpanContext.SpanID().String()]
		}
		fmt.Println(line)
	}
	_ = k.conn.Close()
}

func check[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExamplePublisher_Publish() {
	table := setTable("publish")
	publisher := check(otelamqp.NewPublisher(table.ch, table.opts...))

	for _, key := range []string{"publish", "nobody.takes.this"} {
		err := publisher.Publish(context.Background(), otelamqp.Message{
			Exchange: "meals", RoutingKey: key, Mandatory: true,
			Publishing: amqp091.Publishing{MessageId: "1", Body: []byte("pizza")},
		})
		fmt.Println("unroutable:", errors.Is(err, otelamqp.ErrUnroutable))
	}
	table.clear()
	// Output:
	// unroutable: false
	// unroutable: true
	// PRODUCER send meals:publish
	// PRODUCER send meals:nobody.takes.this, error.type=unroutable
}

func ExamplePublisher_PublishDeferred() {
	table := setTable("deferred")
	publisher := check(otelamqp.NewPublisher(table.ch, table.opts...))

	var underway []*otelamqp.Confirmation
	for range 3 {
		underway = append(underway, check(publisher.PublishDeferred(context.Background(), otelamqp.Message{Exchange: "meals", RoutingKey: "deferred"})))
	}
	for _, confirmation := range underway {
		fmt.Println("error:", confirmation.Wait(context.Background()))
	}
	table.clear()
	// Output:
	// error: <nil>
	// error: <nil>
	// error: <nil>
	// PRODUCER send meals:deferred
	// PRODUCER send meals:deferred
	// PRODUCER send meals:deferred
}

func ExampleConsumer_Consume() {
	table := setTable("consume")
	publisher := check(otelamqp.NewPublisher(table.ch, table.opts...))
	check(0, publisher.Publish(context.Background(), otelamqp.Message{Exchange: "meals", RoutingKey: "consume"}))

	consumer := check(otelamqp.NewConsumer(append(table.opts, otelamqp.WithSettleSpans())...))
	ctx, stop := context.WithCancel(context.Background())
	err := consumer.Consume(ctx, check(table.conn.Channel()), "consume", otelamqp.ConsumeOptions{Settle: otelamqp.AckOrRequeue},
		func(context.Context, amqp091.Delivery) error {
			stop()
			return nil
		})
	fmt.Println("error:", err)
	table.clear()
	// Output:
	// error: <nil>
	// PRODUCER send meals:consume
	// CLIENT ack meals:consume, child of process meals:consume, linked to send meals:consume
	// CONSUMER process meals:consume, child of send meals:consume, linked to send meals:consume
}

func ExampleConsumer_Get() {
	table := setTable("get")
	publisher := check(otelamqp.NewPublisher(table.ch, table.opts...))
	check(0, publisher.Publish(context.Background(), otelamqp.Message{Exchange: "meals", RoutingKey: "get"}))

	consumer := check(otelamqp.NewConsumer(table.opts...))
	delivery, ok, err := consumer.Get(context.Background(), table.ch, "get", false)
	fmt.Println(ok, err)
	check(0, consumer.Process(context.Background(), "get", delivery, func(_ context.Context, d amqp091.Delivery) error {
		return d.Ack(false)
	}))
	table.clear()
	// Output:
	// true <nil>
	// PRODUCER send meals:get
	// CLIENT receive meals:get, linked to send meals:get
	// CONSUMER process meals:get, child of send meals:get, linked to send meals:get
}

func ExampleConsumer_ProcessBatch() {
	table := setTable("batch")
	publisher := check(otelamqp.NewPublisher(table.ch, table.opts...))
	var batch []amqp091.Delivery
	for range 2 {
		check(0, publisher.Publish(context.Background(), otelamqp.Message{Exchange: "meals", RoutingKey: "batch"}))
		delivery, _, err := table.ch.Get("batch", false)
		batch = append(batch, check(delivery, err))
	}

	consumer := check(otelamqp.NewConsumer(table.opts...))
	check(0, consumer.ProcessBatch(context.Background(), "batch", batch, func(_ context.Context, batch []amqp091.Delivery) error {
		return batch[len(batch)-1].Ack(true)
	}))
	table.clear()
	// Output:
	// PRODUCER send meals:batch
	// PRODUCER send meals:batch
	// CONSUMER process meals:batch, linked to send meals:batch, linked to send meals:batch
}

func ExampleWithTraceMode() {
	table := setTable("mode")
	publisher := check(otelamqp.NewPublisher(table.ch, table.opts...))
	check(0, publisher.Publish(context.Background(), otelamqp.Message{Exchange: "meals", RoutingKey: "mode"}))

	link := otelamqp.WithTraceMode(func(context.Context) otelamqp.TraceMode { return otelamqp.Link })
	consumer := check(otelamqp.NewConsumer(append(table.opts, link)...))
	delivery, _, err := table.ch.Get("mode", true)
	check(0, consumer.Process(context.Background(), "mode", check(delivery, err), func(context.Context, amqp091.Delivery) error {
		return nil
	}))
	table.clear()
	// Output:
	// PRODUCER send meals:mode
	// CONSUMER process meals:mode, linked to send meals:mode
}

func ExampleMessage_prepare() {
	table := setTable("prepare")
	publisher := check(otelamqp.NewPublisher(table.ch, table.opts...))
	check(0, publisher.Publish(context.Background(), otelamqp.Message{
		Exchange: "meals", RoutingKey: "prepare",
		// The body carries the trace context too, for consumers that lose the headers.
		Prepare: func(_ context.Context, p *amqp091.Publishing) error {
			p.Body = []byte(otelamqp.HeaderCarrier(p.Headers).Get("traceparent"))
			return nil
		},
	}))
	delivery, _, err := table.ch.Get("prepare", true)
	fmt.Println("the body is a traceparent:", strings.HasPrefix(string(check(delivery, err).Body), "00-"))
	_ = table.conn.Close()
	// Output: the body is a traceparent: true
}

func ExampleAttempt() {
	d := amqp091.Delivery{Headers: amqp091.Table{
		otelamqp.AttemptHeader: int64(2), // republished once
		"x-delivery-count":     int64(1), // and returned to its quorum queue once
	}}
	fmt.Println(otelamqp.Attempt(&d))
	// Output: 3
}

func ExampleQueueWait() {
	now := time.Now()
	d := amqp091.Delivery{Headers: amqp091.Table{otelamqp.SentAtHeader: now.Add(-time.Second).UnixNano()}}
	fmt.Println(otelamqp.QueueWait(&d, now))
	// Output: 1s true
}

func ExampleErrorType() {
	fmt.Println(otelamqp.ErrorType(fmt.Errorf("publish: %w", otelamqp.ErrNack)))
	fmt.Println(otelamqp.ErrorType(&amqp091.Error{Code: amqp091.AccessRefused}))
	fmt.Println(otelamqp.ErrorType(errors.New("anything")))
	// Output:
	// nack
	// ACCESS_REFUSED
	// _OTHER
}
