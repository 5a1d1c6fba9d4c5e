package otelamqp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/rabbitmq/amqp091-go"
)

// ConsumeChannel is the part of [*amqp091.Channel] that Consume needs.
type ConsumeChannel interface {
	Consume(queue, consumer string, autoAck, exclusive, noLocal, noWait bool, args amqp091.Table) (<-chan amqp091.Delivery, error)
	Cancel(consumer string, noWait bool) error
	NotifyClose(c chan *amqp091.Error) chan *amqp091.Error
}

var _ ConsumeChannel = (*amqp091.Channel)(nil)

// ErrConsumerEnded means that deliveries ended before ctx. The channel closed, or the broker cancelled the consumer:
// the queue was deleted or, since RabbitMQ 4.3, the consumer held a message too long
// (https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout).
var ErrConsumerEnded = errors.New("otelamqp: the deliveries ended")

// Settlement is the action on a delivery after its handler returned.
type Settlement int

const (
	// Leave does nothing. The handler settles the delivery itself.
	Leave Settlement = iota
	// Ack acknowledges the message (basic.ack).
	Ack
	// Requeue returns the message to its queue (basic.reject with requeue). A quorum queue counts basic.reject towards
	// its delivery limit in every version. It does not count basic.nack since RabbitMQ 4.3
	// (https://www.rabbitmq.com/docs/4.3/nack).
	Requeue
	// Reject dead-letters the message if the queue has a dead-letter exchange, and drops it otherwise (basic.reject).
	Reject
)

// AckOrRequeue returns Ack for a nil error and Requeue otherwise.
func AckOrRequeue(err error) Settlement {
	if err != nil {
		return Requeue
	}
	return Ack
}

// AckOrReject returns Ack for a nil error and Reject otherwise.
func AckOrReject(err error) Settlement {
	if err != nil {
		return Reject
	}
	return Ack
}

// ConsumeOptions configure [Consumer.Consume]. With the zero value, Consume processes one message at a time, and the
// handler acks it.
type ConsumeOptions struct {
	// ConsumerTag names the consumer on its channel. If it is empty, Consume generates a tag.
	ConsumerTag string
	// AutoAck makes the broker forget a message once it is sent. Settle is not called then.
	AutoAck bool
	// Exclusive asks to be the queue's only consumer.
	Exclusive bool
	// Args are the arguments of basic.consume, such as x-priority.
	Args amqp091.Table
	// Concurrency is the number of handlers that run at once. The default is 1. The prefetch count (Channel.Qos)
	// limits it, too.
	Concurrency int
	// Settle returns how to settle a delivery after its handler returned err. It runs inside the process span. If it
	// is nil, the handler settles.
	Settle func(err error) Settlement
	// OnError gets each error that Process returned: the handler's error, or an error of settling.
	OnError func(ctx context.Context, d amqp091.Delivery, err error)
	// ProcessOptions returns the options for the process span of a delivery. It may be nil.
	ProcessOptions func(d amqp091.Delivery) []ProcessOption
}

var consumerTags atomic.Uint64

// consumerTag generates a tag, because Cancel needs the tag.
func consumerTag() string { return "otelamqp-" + strconv.FormatUint(consumerTags.Add(1), 10) }

// Consume runs h in a process span for each message of queue, until ctx or the deliveries end. A span starts when its
// handler starts. A prefetched message has no span while it waits.
//
// When ctx ends, Consume cancels the consumer, waits for running handlers and returns nil. Prefetched messages return
// to the queue. With AutoAck they are handled first, because the broker has already forgotten them. The context of a
// handler is not cancelled with ctx, so that the handler can finish.
//
// If basic.consume fails, the error wraps the error of the channel. If the deliveries end before ctx, the error wraps
// ErrConsumerEnded and the broker's reason, if there is one.
func (c *Consumer) Consume(ctx context.Context, ch ConsumeChannel, queue string, o ConsumeOptions, h Handler) error {
	if o.ConsumerTag == "" {
		o.ConsumerTag = consumerTag()
	}
	closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
	deliveries, err := ch.Consume(queue, o.ConsumerTag, o.AutoAck, o.Exclusive, false, false, o.Args)
	if err != nil {
		return fmt.Errorf("consume from %s: %w", queue, err)
	}
	var handlers sync.WaitGroup
	for range max(o.Concurrency, 1) {
		handlers.Go(func() { c.handleAll(ctx, deliveries, queue, &o, h) })
	}
	stop := context.AfterFunc(ctx, func() { _ = ch.Cancel(o.ConsumerTag, false) }) // a closed channel has no consumer left
	handlers.Wait()
	if !stop() {
		return nil
	}
	select {
	case reason := <-closed:
		if reason != nil {
			return fmt.Errorf("consume from %s: %w: %w", queue, ErrConsumerEnded, reason)
		}
	default:
	}
	return fmt.Errorf("consume from %s: %w", queue, ErrConsumerEnded)
}

// handleAll processes deliveries until their channel is closed.
func (c *Consumer) handleAll(ctx context.Context, deliveries <-chan amqp091.Delivery, queue string, o *ConsumeOptions, h Handler) {
	handlerCtx := context.WithoutCancel(ctx)
	for d := range deliveries {
		if ctx.Err() != nil && !o.AutoAck {
			_ = d.Nack(false, true) // an error means a closed channel, and the broker requeues the message itself
			continue
		}
		var opts []ProcessOption
		if o.ProcessOptions != nil {
			opts = o.ProcessOptions(d)
		}
		err := c.Process(handlerCtx, queue, d, o.settling(h), opts...)
		if err != nil && o.OnError != nil {
			o.OnError(handlerCtx, d, err)
		}
	}
}

// settling returns a handler that calls h and settles the delivery as Settle decides.
func (o *ConsumeOptions) settling(h Handler) Handler {
	if o.Settle == nil || o.AutoAck {
		return h
	}
	return func(ctx context.Context, d amqp091.Delivery) error {
		err := h(ctx, d)
		var settleErr error
		switch o.Settle(err) {
		case Leave:
		case Ack:
			settleErr = d.Ack(false)
		case Requeue:
			settleErr = d.Reject(true)
		case Reject:
			settleErr = d.Reject(false)
		}
		if settleErr != nil {
			return errors.Join(err, fmt.Errorf("settle delivery %d: %w", d.DeliveryTag, settleErr))
		}
		return err
	}
}
