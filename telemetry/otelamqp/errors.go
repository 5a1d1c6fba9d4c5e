package otelamqp

import (
	"errors"

	"github.com/rabbitmq/amqp091-go"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Errors of publishing, for [errors.Is].
var (
	// ErrNack means that the broker refused the message (basic.nack). One cause is a full queue with
	// x-overflow=reject-publish (https://www.rabbitmq.com/docs/maxlength).
	ErrNack = errors.New("otelamqp: the broker refused the message (nack)")
	// ErrUnroutable means that no queue took the mandatory message (basic.return). The broker acks such a message, too
	// (https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed), so an ack alone is not a success here.
	ErrUnroutable = errors.New("otelamqp: no queue took the message")
	// ErrConfirmTimeout means that no confirm arrived in time. The broker may or may not have stored the message.
	ErrConfirmTimeout = errors.New("otelamqp: no confirm in time")
	// ErrConfirmUnknown means that the channel was lost or ctx was cancelled before the confirm. The broker may or may
	// not have stored the message.
	ErrConfirmUnknown = errors.New("otelamqp: the outcome is unknown")
	// ErrUnsendable means that AMQP or amqp091-go cannot carry the message. The error names the part and its limit.
	// Nothing was sent, the channel still works, and a retry fails again. These are refused:
	//
	//   - an exchange, routing key, property or header key of more than 255 bytes (AMQP allows header keys of at most
	//     128 bytes, RabbitMQ accepts 255);
	//   - a header value of a type that amqp091.Table does not list;
	//   - an int of more than 32 bits, which amqp091-go truncates;
	//   - NaN and the infinities, for which RabbitMQ closes the connection;
	//   - headers nested more than 32 deep, and tables and arrays of more than 8192 entries, for which amqp091-go
	//     closes the connection of the consumer;
	//   - properties and headers that do not fit into one frame (see [WithFrameSize]).
	//
	// The body may have any size: it is sent in as many frames as it needs. The broker has a limit of its own.
	ErrUnsendable = errors.New("otelamqp: AMQP cannot carry the message")
)

// Values of error.type, in addition to the reply names of AMQP.
const (
	errorTypeNack       = "nack"
	errorTypeUnroutable = "unroutable"
	errorTypeTimeout    = "confirm_timeout"
	errorTypeUnknown    = "confirm_unknown"
	errorTypeUnsendable = "unsendable"
	errorTypePanic      = "panic"
)

// errorTypeOther is the fallback value of the conventions.
var errorTypeOther = semconv.ErrorTypeOther.Value.AsString()

// replyNames are the names of the reply codes of AMQP 0-9-1 (section 1.2, constants). RabbitMQ writes the same names
// in its messages and logs, so one search finds both.
var replyNames = map[int]string{
	amqp091.ContentTooLarge:    "CONTENT_TOO_LARGE",
	amqp091.NoRoute:            "NO_ROUTE",
	amqp091.NoConsumers:        "NO_CONSUMERS",
	amqp091.ConnectionForced:   "CONNECTION_FORCED",
	amqp091.InvalidPath:        "INVALID_PATH",
	amqp091.AccessRefused:      "ACCESS_REFUSED",
	amqp091.NotFound:           "NOT_FOUND",
	amqp091.ResourceLocked:     "RESOURCE_LOCKED",
	amqp091.PreconditionFailed: "PRECONDITION_FAILED",
	amqp091.FrameError:         "FRAME_ERROR",
	amqp091.SyntaxError:        "SYNTAX_ERROR",
	amqp091.CommandInvalid:     "COMMAND_INVALID",
	amqp091.ChannelError:       "CHANNEL_ERROR",
	amqp091.UnexpectedFrame:    "UNEXPECTED_FRAME",
	amqp091.ResourceError:      "RESOURCE_ERROR",
	amqp091.NotAllowed:         "NOT_ALLOWED",
	amqp091.NotImplemented:     "NOT_IMPLEMENTED",
	amqp091.InternalError:      "INTERNAL_ERROR",
}

// ErrorType returns the value of error.type for an error, or "" for nil. The set is closed (semconv, recording errors:
// low cardinality):
//
//   - nack, unroutable, confirm_timeout, confirm_unknown or unsendable for the Err variables of publishing;
//   - the reply name (NOT_FOUND, ACCESS_REFUSED, …) for an error of the broker or of amqp091-go;
//   - the result of the error's method ErrorType() string, if it has one (use few values);
//   - _OTHER for all other errors.
//
// If the broker closed the channel because of a published message (an unknown exchange, a missing permission), the
// outstanding confirms have that reply name instead of confirm_unknown. The process span of a handler that panicked
// has "panic".
func ErrorType(err error) string {
	if err == nil {
		return ""
	}
	var broker *amqp091.Error
	isBroker := errors.As(err, &broker)
	switch {
	case errors.Is(err, ErrNack):
		return errorTypeNack
	case errors.Is(err, ErrUnroutable):
		return errorTypeUnroutable
	case errors.Is(err, ErrUnsendable):
		return errorTypeUnsendable
	case errors.Is(err, ErrConfirmTimeout):
		return errorTypeTimeout
	case errors.Is(err, ErrConfirmUnknown) && (!isBroker || !channelException(broker)):
		return errorTypeUnknown
	case isBroker:
		if name, ok := replyNames[broker.Code]; ok {
			return name
		}
		return errorTypeOther
	}
	var named interface{ ErrorType() string }
	if errors.As(err, &named) && named.ErrorType() != "" {
		return validText(named.ErrorType())
	}
	return errorTypeOther
}

// channelException reports whether the broker closed the channel because of an operation on it (a soft error in AMQP).
func channelException(err *amqp091.Error) bool {
	switch err.Code {
	case amqp091.ContentTooLarge, amqp091.AccessRefused, amqp091.NotFound, amqp091.ResourceLocked, amqp091.PreconditionFailed:
		return err.Server
	}
	return false
}
