package broker

import (
	"context"
	"errors"

	"traceria/services/event"
)

// deadError marks an error that no repetition can cure.
type deadError struct{ error }

func (e deadError) Unwrap() error { return e.error }

// Dead says that a message can never be handled: it goes to the dead letters at once, with err as the reason.
func Dead(err error) error { return deadError{err} }

// pauseError marks an error that is not the message's fault.
type pauseError struct{ error }

func (e pauseError) Unwrap() error { return e.error }

// Pause says that the work cannot be done at the moment, whatever the message: the subscription waits with it.
func Pause(err error) error { return pauseError{err} }

// outcome is what a handler's result means.
type outcome int

const (
	done outcome = iota
	retry
	dead
	pause
	// requeue: it comes again at once.
	requeue
	// interrupted: the service stops, or lost the connection that the message came on. RabbitMQ delivers it again.
	interrupted
)

// String is the value of traceria.message.settled on the process span. An interrupted message was not settled.
func (o outcome) String() string {
	return [...]string{"ack", "retry", "dead", "pause", "requeue", ""}[o]
}

// outcomeOf reads a handler's result; ctx is what the handler ran under. What is marked by the handler counts before
// what the error wraps.
func outcomeOf(ctx context.Context, err error) outcome {
	var condemned deadError
	var held pauseError
	var thrown requeueError
	switch {
	case err == nil:
		return done
	case errors.As(err, &condemned):
		return dead
	case errors.As(err, &held):
		return pause
	case errors.As(err, &thrown):
		return requeue
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return interrupted
	case errors.Is(err, event.ErrUnavailable):
		return pause
	case errors.Is(err, event.ErrUnreadable):
		return dead
	default:
		return retry
	}
}
