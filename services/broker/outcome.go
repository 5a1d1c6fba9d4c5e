package broker

import (
	"context"
	"errors"

	"traceria/services/event"
)

// deadError marks an error that every attempt would have.
type deadError struct{ error }

func (e deadError) Unwrap() error { return e.error }

// Dead marks err as permanent: the message becomes a dead letter at once, with err as the reason.
func Dead(err error) error { return deadError{err} }

// pauseError marks an error that the message did not cause.
type pauseError struct{ error }

func (e pauseError) Unwrap() error { return e.error }

// Pause marks err as temporary and independent of the message: the subscription waits, and no attempt is spent.
func Pause(err error) error { return pauseError{err} }

// outcome is what becomes of a delivery.
type outcome int

const (
	done outcome = iota
	retry
	dead
	pause
	// requeue: RabbitMQ delivers it again at once.
	requeue
	// interrupted: the service stops, or has lost the connection of the message. RabbitMQ delivers it again.
	interrupted
)

// String is the value of traceria.message.settled. It is empty for an interrupted delivery, which is not settled.
func (o outcome) String() string {
	return [...]string{"ack", "retry", "dead", "pause", "requeue", ""}[o]
}

// outcomeOf decides by the error of a handler; ctx is the context of the handler. A mark of the handler takes precedence over
// the errors that it wraps.
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
