package otelamqp

import (
	"math"

	"github.com/rabbitmq/amqp091-go"
)

// Attempt returns the number of the processing attempt, counted from 1: the header [AttemptHeader] (absent or invalid:
// 1) plus the number of times that RabbitMQ returned the message. The maximum is math.MaxInt32. The README names the
// tested versions of RabbitMQ and the inexact cases.
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

// Headers with counters of RabbitMQ.
const (
	// acquiredCountHeader counts earlier deliveries by a quorum queue, since RabbitMQ 4.3. It includes every return
	// (https://www.rabbitmq.com/docs/4.3/quorum-queues#poison-message-handling).
	acquiredCountHeader = "x-acquired-count"
	// deliveryCountHeader counts the same before 4.3. Since 4.3 basic.nack does not increment it
	// (https://www.rabbitmq.com/docs/4.3/nack), so it is read only if acquiredCountHeader is absent.
	deliveryCountHeader = "x-delivery-count"
	// deathHeader counts dead-letterings for each queue and reason (https://www.rabbitmq.com/docs/dlx).
	deathHeader = "x-death"
)

// givenBack returns the number of times that RabbitMQ returned the message. After a dead-lettering caused by a
// consumer only x-death counts: RabbitMQ 4 moves a part of the other counters to the next queue, 3.10 moves none.
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

// failedDeaths returns how often a message was dead-lettered because a consumer rejected it or the delivery limit was
// reached. Expiry does not count: a wait in a retry queue ends with it.
func failedDeaths(header any) int64 {
	deaths, _ := header.([]any)
	sum := int64(0)
	for _, entry := range deaths {
		death, _ := entry.(amqp091.Table)
		switch HeaderCarrier(death).Get("reason") {
		case "rejected", "delivery_limit":
			count, _ := integer(death["count"])
			sum += min(max(count, 0), math.MaxInt32) // the sum of all entries of a frame fits into an int64
		}
	}
	return sum
}
