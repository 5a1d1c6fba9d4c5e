package broker

import (
	"errors"

	"traceria/services/event"
)

// deadError marks an error that no repetition can cure.
type deadError struct{ error }

func (e deadError) Unwrap() error { return e.error }

// Dead says that a message can never be handled: it goes to the dead letters at once, with err as the reason.
func Dead(err error) error { return deadError{err} }

func isDead(err error) bool {
	var dead deadError
	return errors.As(err, &dead) || errors.Is(err, event.ErrUnreadable)
}

// How a delivery was settled: the attribute traceria.message.settled on its process span.
const (
	settledAck   = "ack"
	settledRetry = "retry"
	settledDead  = "dead"
)

func settlement(err error) string {
	switch {
	case err == nil:
		return settledAck
	case isDead(err):
		return settledDead
	default:
		return settledRetry
	}
}
