package otelamqp_test

import (
	"fmt"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
)

// Attempt counts republished and requeued deliveries. The first attempt is 1.
func ExampleAttempt() {
	d := amqp091.Delivery{Headers: amqp091.Table{
		otelamqp.AttemptHeader: int64(2), // republished once
		"x-delivery-count":     int64(1), // and returned to its quorum queue once
	}}
	fmt.Println(otelamqp.Attempt(&d))
	// Output: 3
}
