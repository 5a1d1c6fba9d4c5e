package otelamqp_test

import (
	"fmt"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
)

// QueueWait returns the time from sending to now, if the message has a send time.
func ExampleQueueWait() {
	now := time.Now()
	d := amqp091.Delivery{Headers: amqp091.Table{otelamqp.SentAtHeader: now.Add(-time.Second).UnixNano()}}
	fmt.Println(otelamqp.QueueWait(&d, now))
	// Output: 1s true
}
