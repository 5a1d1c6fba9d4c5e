package otelamqp

import (
	"errors"

	"github.com/rabbitmq/amqp091-go"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// The outcomes of a publishing that was not stored and routed, for [errors.Is].
var (
	// ErrNack: the broker refused responsibility for the message (basic.nack), for instance because a queue with
	// x-overflow=reject-publish is full.
	ErrNack = errors.New("otelamqp: the broker refused the message (nack)")
	// ErrUnroutable: the message was mandatory and no queue took it (basic.return). The broker confirms such a message
	// with an ack, which is why an ack alone does not count as success here.
	ErrUnroutable = errors.New("otelamqp: no queue took the message")
	// ErrConfirmTimeout: no confirm came in time. The message may be stored or not.
	ErrConfirmTimeout = errors.New("otelamqp: no confirm in time")
	// ErrConfirmUnknown: the channel was lost, or the caller went away, before the confirm came. The message may be
	// stored or not.
	ErrConfirmUnknown = errors.New("otelamqp: the outcome is unknown")
	// ErrUnsendable: AMQP or amqp091-go cannot carry the message, and the error says which part of it and what the limit
	// is. Nothing was sent, the channel is as it was, and trying again will not help. These are refused: an exchange,
	// routing key, property or header key of more than 255 bytes (AMQP asks for header keys of at most 128, which
	// RabbitMQ does not enforce); a header value of a type that amqp091.Table does not list; an int that needs more than
	// 32 bits, which amqp091-go would cut off; NaN and the infinities, for which RabbitMQ closes the connection; headers
	// nested more than 32 deep, and tables and arrays of more than 8192 entries, for which amqp091-go closes the
	// connection of the consumer; properties and headers that do not go into one frame (see [WithFrameSize]). The body
	// may have any size: it takes as many frames as it needs.
	ErrUnsendable = errors.New("otelamqp: AMQP cannot carry the message")
)

// The values of error.type beside the reply names of AMQP.
const (
	errorTypeNack       = "nack"
	errorTypeUnroutable = "unroutable"
	errorTypeTimeout    = "confirm_timeout"
	errorTypeUnknown    = "confirm_unknown"
	errorTypeUnsendable = "unsendable"
	errorTypePanic      = "panic"
)

// errorTypeOther is the fallback that the conventions name.
var errorTypeOther = semconv.ErrorTypeOther.Value.AsString()

// replyNames are the names of AMQP 0-9-1 (section 1.2, constants) for its reply codes, written as RabbitMQ writes
// them in its messages and logs, so that one search finds both.
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

// ErrorType returns the value of the attribute error.type for an error, "" for nil. The set is closed:
//
//   - nack, unroutable, confirm_timeout, confirm_unknown, unsendable for the outcomes of a publishing (the Err variables);
//   - the reply name (NOT_FOUND, ACCESS_REFUSED, …) for an error of the broker or of amqp091-go;
//   - the answer of a method ErrorType() string, for errors of handlers that name themselves: keep those few;
//   - _OTHER for everything else.
//
// A confirm that was lost because the broker closed the channel over a fault in what was published on it (an unknown
// exchange, a missing permission) has that reply name, which says more than confirm_unknown. Process spans whose
// handler panicked have "panic", which no error value stands for.
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
		return named.ErrorType()
	}
	return errorTypeOther
}

// channelException reports whether the broker closed the channel because of something that was done on it, which AMQP
// calls a soft error.
func channelException(err *amqp091.Error) bool {
	switch err.Code {
	case amqp091.ContentTooLarge, amqp091.AccessRefused, amqp091.NotFound, amqp091.ResourceLocked, amqp091.PreconditionFailed:
		return err.Server
	}
	return false
}
