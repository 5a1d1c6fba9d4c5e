// Package otelamqp is the OpenTelemetry instrumentation for amqp091-go, the RabbitMQ client: spans that cover the
// broker's confirm and the handler's work, one trace across the queue, and the metrics of the conventions. It follows
// the semantic conventions for messaging and RabbitMQ, version 1.43; the README has every rule and the test that holds
// it. It uses the OpenTelemetry API only, and connections and channels stay yours.
//
// # Publishing
//
// A [Publisher] stands on a channel, which it puts into confirm mode:
//
//	publisher, err := otelamqp.NewPublisher(ch)
//	err = publisher.Publish(ctx, otelamqp.Message{
//		Exchange: "orders", RoutingKey: "order.created", Mandatory: true,
//		Publishing: amqp091.Publishing{MessageId: id, Body: body},
//	})
//
// Publish returns nil when the broker has stored the message and, because it is Mandatory, a queue took it. The send span
// ends at that moment; otherwise it fails, and its error.type is one of a closed set (see [ErrorType]). To have many
// messages under way, use [Publisher.PublishDeferred] and wait later, or not at all: the span ends when the answer comes.
//
// A message that AMQP cannot carry, such as one with a MessageId of more than 255 bytes or with headers larger than a frame,
// fails with [ErrUnsendable] before anything is sent. The bare client closes the connection over most of these, and every
// channel and unconfirmed message on it is lost with it. Tell the Publisher with [WithFrameSize] when the connection has
// agreed on another frame size than the usual.
//
// The context travels in the headers, in a table of the message's own: the table that you give is never changed.
//
// # Consuming
//
// A [Consumer] runs a [Handler] inside the process span of a delivery, so that the span covers the work and the handler's
// context carries it:
//
//	consumer, err := otelamqp.NewConsumer()
//	err = consumer.Process(ctx, "kitchen", delivery, func(ctx context.Context, d amqp091.Delivery) error {
//		return cook(ctx, d) // spans and messages in here belong to the trace
//	})
//
// [Consumer.Consume] is the loop around it. [Consumer.ProcessBatch] gives several deliveries one span with a link to each
// sender, [Consumer.Get] gives basic.get its receive span.
//
// # Parent, link, or both
//
// The conventions connect process and send spans by a link and allow the send span as parent for a single message. The
// default here is both: one trace from end to end, and the link where tools look for it. Under an ambient span that span
// is the parent, and the link remains. [WithTraceMode] chooses for each message, while the program runs; [WithMaxAge]
// keeps a message that waited for days from extending its old trace. The baggage reaches the handler in every mode.
//
// A linked hop begins a new trace: a sampler sees the link, with the sender's sampling decision in it, when the span
// starts.
//
// # What a message tells
//
// The conventions know no attempts and no queue wait. The Publisher writes the send time in nanoseconds into the header
// [SentAtHeader]; the process span has the wait as [QueueWaitKey] and the histogram traceria.queue.wait has it in
// seconds. [AttemptKey] has the attempt. Both are read with care: headers can hold anything, and whatever they hold, the
// handler gets the message.
//
// # What it does not do
//
// It does not reconnect, declare, retry or dead-letter, and it does not log. Do not use it with the recovery of
// amqp091-go (Config.Recovery), which reports confirms wrongly and can acknowledge the wrong message: open a new channel
// and make a new Publisher when one is lost.
package otelamqp
