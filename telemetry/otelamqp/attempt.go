package otelamqp

import (
	"math"

	"github.com/rabbitmq/amqp091-go"
)

// Attempt returns which attempt at processing the message a delivery is, counted from 1: the header [AttemptHeader]
// (absent: 1) plus how often RabbitMQ has given the message back. The result is the same on every version of RabbitMQ
// that the README names. A header that is no sensible number counts as absent.
func Attempt(d *amqp091.Delivery) int {
	attempt, ok := integer(d.Headers[AttemptHeader])
	if !ok || attempt < 1 {
		attempt = 1
	}
	back := givenBack(d.Headers)
	if attempt > math.MaxInt32 || back > math.MaxInt32-attempt {
		return math.MaxInt32
	}
	return int(attempt + back)
}

// Headers in which RabbitMQ counts.
const (
	// acquiredCountHeader: how often a quorum queue of RabbitMQ 4.3 gave the message to a consumer before. It counts every
	// return (https://www.rabbitmq.com/docs/4.3/quorum-queues#poison-message-handling).
	acquiredCountHeader = "x-acquired-count"
	// deliveryCountHeader: before 4.3 the same. In 4.3 basic.nack does not raise it
	// (https://www.rabbitmq.com/docs/4.3/nack), and so it is read only where the other is absent.
	deliveryCountHeader = "x-delivery-count"
	// deathHeader: how often the message was dead-lettered, for each queue and reason (https://www.rabbitmq.com/docs/dlx).
	deathHeader = "x-death"
)

// givenBack returns how often RabbitMQ has given the message back. For a message that was dead-lettered because consumers
// failed, that is in x-death alone: RabbitMQ 4 takes part of the other counts along to the next queue, 3.10 takes none.
func givenBack(h amqp091.Table) int64 {
	if n := failedDeaths(h[deathHeader]); n > 0 {
		return n
	}
	if n, ok := integer(h[acquiredCountHeader]); ok && n > 0 {
		return n
	}
	n, _ := integer(h[deliveryCountHeader])
	return max(n, 0)
}

// failedDeaths returns how often a message was dead-lettered because a consumer rejected it, or returned it too often.
// An expired message was not processed: so a wait in a retry queue ends.
func failedDeaths(header any) int64 {
	deaths, _ := header.([]any)
	sum := int64(0)
	for _, entry := range deaths {
		death, _ := entry.(amqp091.Table)
		switch HeaderCarrier(death).Get("reason") {
		case "rejected", "delivery_limit":
			count, _ := integer(death["count"])
			sum += min(max(count, 0), math.MaxInt32) // as many as there can be in a frame go into an int64
		}
	}
	return sum
}
