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

// ErrConsumerEnded says that deliveries ended although the context did not: the channel closed, or the broker cancelled
// the consumer, because the queue was deleted or, from RabbitMQ 4.3 on, because the consumer held a message too long.
var ErrConsumerEnded = errors.New("otelamqp: the deliveries ended")

// Settlement is what is done with a delivery after its handler returned.
type Settlement int

const (
	// Leave does nothing: the handler settled the delivery, or will.
	Leave Settlement = iota
	// Ack tells the broker that the message is done.
	Ack
	// Requeue gives the message back to the queue as failed (basic.reject). A quorum queue counts that towards its
	// delivery limit on every version; basic.nack it does not count from RabbitMQ 4.3 on.
	Requeue
	// Reject drops the message, or dead-letters it where the queue has a dead-letter exchange.
	Reject
)

// AckOrRequeue acks when the handler returned nil and gives the message back otherwise.
func AckOrRequeue(err error) Settlement {
	if err != nil {
		return Requeue
	}
	return Ack
}

// AckOrReject acks when the handler returned nil and rejects the message otherwise.
func AckOrReject(err error) Settlement {
	if err != nil {
		return Reject
	}
	return Ack
}

// ConsumeOptions are the details of Consume. The zero value consumes one message after the other, with manual acks.
type ConsumeOptions struct {
	// ConsumerTag names the consumer on its channel; empty, the library makes one up.
	ConsumerTag string
	// AutoAck makes the broker forget a message when it was sent. Settle is not called then.
	AutoAck bool
	// Exclusive asks to be the queue's only consumer.
	Exclusive bool
	// Args are the arguments of basic.consume, such as x-priority.
	Args amqp091.Table
	// Concurrency is how many handlers run at once, 1 by default. The prefetch count (Channel.Qos) limits it too.
	Concurrency int
	// Settle says, inside the process span, what to do with a delivery after its handler returned err. nil leaves it to
	// the handler.
	Settle func(err error) Settlement
	// OnError is told what Process returned for a delivery: the handler's error, or that of settling.
	OnError func(ctx context.Context, d amqp091.Delivery, err error)
	// ProcessOptions, if set, gives the options for the process span of a delivery.
	ProcessOptions func(d amqp091.Delivery) []ProcessOption
}

var consumerTags atomic.Uint64

// consumerTag makes up a tag: cancelling needs to know it.
func consumerTag() string { return "otelamqp-" + strconv.FormatUint(consumerTags.Add(1), 10) }

// Consume runs h in a process span for each message of queue until ctx ends or the deliveries do. The span of a message
// starts when its handler starts, so that a prefetched message has none while it waits for the one before.
//
// When ctx ends, Consume cancels the consumer, lets running handlers finish and returns nil. Messages that were prefetched
// go back to the queue; under AutoAck, where the broker has forgotten them already, they are handled first. Handlers get
// a context that is not cancelled with ctx, and so can finish what they began. Otherwise Consume returns
// ErrConsumerEnded, wrapping the broker's reason when it gave one.
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

// handleAll handles deliveries until there are no more.
func (c *Consumer) handleAll(ctx context.Context, deliveries <-chan amqp091.Delivery, queue string, o *ConsumeOptions, h Handler) {
	handlerCtx := context.WithoutCancel(ctx)
	for d := range deliveries {
		if ctx.Err() != nil && !o.AutoAck {
			_ = d.Nack(false, true) // if it fails the channel is closed, and the broker takes the message back by itself
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

// settling returns h followed by what Settle decides.
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
