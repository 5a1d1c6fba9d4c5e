package otelamqp_test

import (
	"fmt"
	"time"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
)

// QueueWait is the time between sending and now, if the message has the send time.
func ExampleQueueWait() {
	now := time.Now()
	d := amqp091.Delivery{Headers: amqp091.Table{otelamqp.SentAtHeader: now.Add(-time.Second).UnixNano()}}
	fmt.Println(otelamqp.QueueWait(&d, now))
	// Output: 1s true
}
