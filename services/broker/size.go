package broker

import (
	"fmt"
	"sync/atomic"

	"github.com/rabbitmq/amqp091-go"

	"traceria/telemetry/otelamqp"
)

// defaultLargestBody is the default of RabbitMQ 4 for max_message_size, in bytes. RabbitMQ 3 takes 128 MiB; the limit is
// the same on every version.
const defaultLargestBody = 16 << 20

// bodyLimit is the largest body that RabbitMQ takes, in bytes. For a larger one it closes the channel, and what else was on
// its way is sent again: such a message must not be tried.
type bodyLimit struct{ lower atomic.Int64 }

func (l *bodyLimit) largest() int {
	if lower := int(l.lower.Load()); lower > 0 {
		return lower
	}
	return defaultLargestBody
}

// check returns an error that wraps [otelamqp.ErrUnsendable] when the message is too large.
func (l *bodyLimit) check(message *amqp091.Publishing) error {
	if most := l.largest(); len(message.Body) > most {
		return fmt.Errorf("%w: a body of %d bytes, RabbitMQ takes at most %d (max_message_size)", otelamqp.ErrUnsendable, len(message.Body), most)
	}
	return nil
}

// learn reads the limit from the reason for which RabbitMQ closed the channel, if it is configured lower.
func (l *bodyLimit) learn(reason *amqp091.Error) {
	var size, most int64
	if reason == nil || reason.Code != amqp091.PreconditionFailed {
		return
	}
	_, err := fmt.Sscanf(reason.Reason, "PRECONDITION_FAILED - message size %d is larger than configured max size %d", &size, &most)
	if err == nil && most > 0 && most < defaultLargestBody {
		l.lower.Store(most)
	}
}
