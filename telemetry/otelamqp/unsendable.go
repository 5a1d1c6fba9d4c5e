package otelamqp

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/rabbitmq/amqp091-go"
)

const (
	// maxShort is the maximum length of a short string in bytes. Its length field has one byte (AMQP 0-9-1, 4.2.5.3).
	maxShort = math.MaxUint8
	// maxDepth and maxElements limit the nesting of headers and the entries of a table or array. amqp091-go writes more
	// but does not read more: it closes the connection of each consumer that gets the message. A table that contains
	// itself would overflow the stack.
	maxDepth    = 32
	maxElements = 8192
	// frameOverhead is the size of a frame without its payload: type, channel, size and end (AMQP 0-9-1, 4.2.3).
	frameOverhead = 1 + 2 + 4 + 1
	// headerOverhead is the size of a content header before its properties: class, weight and body size (AMQP 0-9-1,
	// 4.2.6.1).
	headerOverhead = 2 + 2 + 8
)

// sendable returns the size of the properties and headers in bytes. The error wraps ErrUnsendable if AMQP or
// amqp091-go cannot carry the message. Without this check most of these messages would close the connection during the
// write, with all its channels and unconfirmed messages.
func (p *Publisher) sendable(m *Message, pub *amqp091.Publishing) (size int, err error) {
	if len(m.Exchange) > maxShort {
		return 0, tooLong("exchange", m.Exchange)
	}
	if len(m.RoutingKey) > maxShort {
		return 0, tooLong("routing key", m.RoutingKey)
	}
	properties := publishingProperties(pub)
	for i := range properties.texts {
		if len(properties.texts[i]) > maxShort {
			return 0, tooLong(textNames[i], properties.texts[i])
		}
	}
	headers, err := headersSize(pub.Headers)
	if err != nil {
		return 0, err
	}
	own := properties.size()
	size = own + headers
	if limit := p.cfg.frameSize; limit > 0 && size > limit-frameOverhead-headerOverhead {
		return 0, fmt.Errorf("%w: the properties (%d bytes) and headers (%d bytes) exceed the %d bytes that fit into one frame of %d bytes", ErrUnsendable,
			own, headers, limit-frameOverhead-headerOverhead, limit)
	}
	return size, nil
}

// textNames are the names of the properties of [properties] in amqp091.Publishing.
var textNames = [9]string{
	"ContentType", "ContentEncoding", "CorrelationId", "ReplyTo", "Expiration", "MessageId", "Type", "UserId", "AppId",
}

func tooLong(field, value string) error {
	return fmt.Errorf("%w: the %s %q is %d bytes long, at most %d are allowed", ErrUnsendable, field, clip(value), len(value), maxShort)
}

func tooMany(what string, n int) error {
	return fmt.Errorf("%w: %s has %d entries, at most %d are allowed", ErrUnsendable, what, n, maxElements)
}

// clip shortens a long value for an error text.
func clip(s string) string {
	const enough = 60
	if len(s) <= enough {
		return s
	}
	end := enough
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// headersSize returns the size of the header table in bytes. It is 0 for an empty table.
func headersSize(h amqp091.Table) (int, error) {
	if len(h) == 0 {
		return 0, nil
	}
	return tableSize(h, 0)
}

func tableSize(t amqp091.Table, depth int) (int, error) {
	if len(t) > maxElements {
		return 0, tooMany("a table", len(t))
	}
	size := 4
	for key, value := range t {
		if len(key) > maxShort {
			return 0, tooLong("header key", key)
		}
		n, err := fieldSize(value, depth)
		switch {
		case err != nil && depth == 0:
			return 0, fmt.Errorf("%w in header %q", err, clip(key))
		case err != nil: // only the outermost level adds the name of the header
			return 0, err
		}
		size += 1 + len(key) + 1 + n
	}
	return size, nil
}

func arraySize(a []any, depth int) (int, error) {
	if len(a) > maxElements {
		return 0, tooMany("an array", len(a))
	}
	size := 4
	for _, value := range a {
		n, err := fieldSize(value, depth)
		if err != nil {
			return 0, err
		}
		size += 1 + n
	}
	return size, nil
}

// fieldSize returns the size of a field table value in bytes, without its type (AMQP 0-9-1, 4.2.5.5). The error wraps
// ErrUnsendable.
func fieldSize(v any, depth int) (int, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case bool, int8, uint8:
		return 1, nil
	case int16, uint16:
		return 2, nil
	case int32, uint32:
		return 4, nil
	case int64, time.Time:
		return 8, nil
	case amqp091.Decimal:
		return 5, nil
	case string:
		return 4 + len(v), nil
	case []byte:
		return 4 + len(v), nil
	case int:
		if v < math.MinInt32 || v > math.MaxInt32 {
			return 0, fmt.Errorf("%w: the int %d does not fit into the 32 bits that amqp091-go writes (use int64)", ErrUnsendable, v)
		}
		return 4, nil
	case float32:
		return 4, finite(float64(v))
	case float64:
		return 8, finite(v)
	case []any, amqp091.Table:
		return nestedSize(v, depth+1)
	}
	return 0, fmt.Errorf("%w: a value of type %T", ErrUnsendable, v)
}

func nestedSize(v any, depth int) (int, error) {
	if depth > maxDepth {
		return 0, fmt.Errorf("%w: a value nested more than %d deep", ErrUnsendable, maxDepth)
	}
	if a, ok := v.([]any); ok {
		return arraySize(a, depth)
	}
	return tableSize(v.(amqp091.Table), depth)
}

// finite refuses NaN and the infinities. RabbitMQ closes the connection for them, because Erlang has no such numbers.
func finite(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%w: the number %v", ErrUnsendable, f)
	}
	return nil
}
