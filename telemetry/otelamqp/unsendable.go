package otelamqp

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/rabbitmq/amqp091-go"
)

const (
	// maxShort is the longest a short string may be (AMQP 0-9-1, 4.2.5.3): its length is one byte.
	maxShort = math.MaxUint8
	// maxDepth and maxElements are how deep amqp091-go reads nested headers, and how many entries of a table or array. It
	// writes more, and then closes the connection of every consumer that is handed the message, again and again; a table
	// that contains itself would end the process with the stack.
	maxDepth    = 32
	maxElements = 8192
	// frameOverhead is what a frame has beside its payload: type, channel, size and end (AMQP 0-9-1, 4.2.3).
	frameOverhead = 1 + 2 + 4 + 1
	// headerOverhead is what the payload of a content header has before its properties: class, weight and the size of the
	// body (AMQP 0-9-1, 4.2.6.1).
	headerOverhead = 2 + 2 + 8
)

// sendable returns the size of the properties and headers, or an error that wraps ErrUnsendable when AMQP or amqp091-go
// cannot carry the message. They notice most of this only when part of it is under way, and then close the connection,
// with every channel on it and what other publishers have not had confirmed.
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
		return 0, fmt.Errorf("%w: properties of %d and headers of %d bytes, together at most %d go into one frame of %d", ErrUnsendable,
			own, headers, limit-frameOverhead-headerOverhead, limit)
	}
	return size, nil
}

// textNames are the names of the properties of [properties] in amqp091.Publishing.
var textNames = [9]string{
	"ContentType", "ContentEncoding", "CorrelationId", "ReplyTo", "Expiration", "MessageId", "Type", "UserId", "AppId",
}

func tooLong(field, value string) error {
	return fmt.Errorf("%w: the %s %q is %d bytes long, at most %d go", ErrUnsendable, field, clip(value), len(value), maxShort)
}

func tooMany(what string, n int) error {
	return fmt.Errorf("%w: %s of %d entries, at most %d are read", ErrUnsendable, what, n, maxElements)
}

// clip keeps an error readable whose value is the fault.
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

// headersSize returns the bytes of the header table, 0 when there is none.
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
		case err != nil: // the header's name is enough
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

// fieldSize returns the bytes of a value of a field table (AMQP 0-9-1, 4.2.5.5) without its type. The error wraps
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
			return 0, fmt.Errorf("%w: the int %d, of which amqp091-go writes 32 bits (use int64),", ErrUnsendable, v)
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

// finite refuses what RabbitMQ closes the connection for: Erlang has no NaN and no infinity.
func finite(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%w: the number %v", ErrUnsendable, f)
	}
	return nil
}
