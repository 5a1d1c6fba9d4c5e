package otelamqp_test

import (
	"errors"
	"fmt"

	"traceria/telemetry/otelamqp"

	"github.com/rabbitmq/amqp091-go"
)

// ErrorType returns the error.type of a failed span, a value from a closed set.
func ExampleErrorType() {
	fmt.Println(otelamqp.ErrorType(fmt.Errorf("publish: %w", otelamqp.ErrNack)))
	fmt.Println(otelamqp.ErrorType(&amqp091.Error{Code: amqp091.AccessRefused}))
	fmt.Println(otelamqp.ErrorType(errors.New("anything")))
	// Output:
	// nack
	// ACCESS_REFUSED
	// _OTHER
}
