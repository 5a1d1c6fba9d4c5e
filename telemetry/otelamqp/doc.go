// Package otelamqp is an OpenTelemetry instrumentation of amqp091-go, the Go client of RabbitMQ. A send span covers
// the broker's confirm. A process span covers the handler. Both belong to one trace. The package records the metrics
// of the conventions as well. It follows the semantic conventions for messaging and RabbitMQ, version 1.43. The README
// lists each rule and its test. The package uses the OpenTelemetry API only. It does not own connections or channels.
//
// # Publishing
//
// A [Publisher] uses one channel and puts it into confirm mode:
//
//	publisher, err := otelamqp.NewPublisher(ch)
//	err = publisher.Publish(ctx, otelamqp.Message{
//		Exchange: "orders", RoutingKey: "order.created", Mandatory: true,
//		Publishing: amqp091.Publishing{MessageId: id, Body: body},
//	})
//
// Publish returns nil when the broker has confirmed the message. With Mandatory, at least one queue has it then. The
// send span ends when Publish returns. On failure the span has an error.type from a closed set (see [ErrorType]).
// [Publisher.PublishDeferred] does not wait for the confirm, so many messages can be outstanding. The span ends when
// the confirm arrives, even if the program does not wait for it.
//
// A message that AMQP cannot carry fails with [ErrUnsendable], and nothing is sent. Examples are a MessageId of more
// than 255 bytes, and headers larger than a frame. For most of these amqp091-go or RabbitMQ closes the connection. All
// channels and unconfirmed messages of the connection are then lost. If the connection negotiated another frame size
// than [DefaultFrameSize], set it with [WithFrameSize].
//
// The trace context is written into a copy of the header table. The table in [Message] is never changed.
//
// # Consuming
//
// A [Consumer] runs a [Handler] inside the process span of a delivery. The handler's context carries the span:
//
//	consumer, err := otelamqp.NewConsumer()
//	err = consumer.Process(ctx, "kitchen", delivery, func(ctx context.Context, d amqp091.Delivery) error {
//		return cook(ctx, d) // spans and messages in here belong to the trace
//	})
//
// [Consumer.Consume] receives the deliveries of a queue and processes each. [Consumer.ProcessBatch] processes several
// deliveries in one span with a link to each sender. [Consumer.Get] calls basic.get in a receive span.
//
// # Parent, link, or both
//
// The conventions connect process and send spans by a link. For a single message they allow the send span as parent,
// too (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#trace-structure). The default here is
// both: one trace from end to end, and the link that tools look for. If ctx already holds a span (the ambient span),
// that span is the parent, and the link remains. [WithTraceMode] chooses the mode for each message at run time.
// [WithMaxAge] stops an old message from extending its old trace. The baggage reaches the handler in every mode.
//
// In the mode [Link] a process span starts a new trace. A sampler sees the link at span start, with the sampling
// decision of the sender.
//
// # Queue wait and attempts
//
// The conventions define no attribute for queue wait or attempts. The Publisher writes the send time, in Unix
// nanoseconds, into the header [SentAtHeader]. The process span has the wait in milliseconds as [QueueWaitKey]. The
// histogram traceria.queue.wait has it in seconds. [AttemptKey] has the attempt, counted from 1. An invalid header
// counts as absent. The handler always gets the message.
//
// # Limits
//
// The package does not reconnect, declare, retry, dead-letter or log. Do not use it with Config.Recovery of
// amqp091-go. That recovery reports wrong confirms, and it can acknowledge the wrong message. If a channel is lost,
// open a new channel and make a new Publisher.
package otelamqp
