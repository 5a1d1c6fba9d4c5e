package wire

import "encoding/binary"

const (
	// tableStart is the size of a table or an array, before its entries (AMQP 0-9-1, 4.2.5.5).
	tableStart = 4
	// maxHeaderEntries and maxHeaderDepth are the limits of amqp091-go for the entries and the depth of a table or array.
	maxHeaderEntries = 8192
	maxHeaderDepth   = 32
)

// Flags of the properties that stand before the headers in a header frame, and of the headers (AMQP 0-9-1, 1.8.3).
const (
	flagContentType     = 1 << 15
	flagContentEncoding = 1 << 14
	flagHeaders         = 1 << 13
)

// headerEntry is one header in its binary form, with name and type.
type headerEntry struct {
	name  string
	bytes []byte
	// unreadable headers make amqp091-go close the connection.
	unreadable bool
}

// headersIn splits the payload of a header frame into the part before the table of headers, its entries, and the rest.
func headersIn(payload []byte) (before []byte, entries []headerEntry, after []byte, err error) {
	const flagsAt = 2 + 2 + 8 // class, weight, size of the body
	if len(payload) < flagsAt+2 {
		return nil, nil, nil, errFrame
	}
	flags := binary.BigEndian.Uint16(payload[flagsAt:])
	if flags&flagHeaders == 0 {
		return nil, nil, nil, errFrame
	}
	at := flagsAt + 2
	for _, flag := range []uint16{flagContentType, flagContentEncoding} {
		if flags&flag == 0 {
			continue
		}
		if at >= len(payload) {
			return nil, nil, nil, errFrame
		}
		at += 1 + int(payload[at])
	}
	table, err := sized(payload, at, tableStart)
	if err != nil {
		return nil, nil, nil, err
	}
	for i := at + tableStart; i < at+table; {
		nameEnd := i + 1 + int(payload[i])
		if nameEnd >= at+table {
			return nil, nil, nil, errFrame
		}
		var limits tableLimits
		n, err := limits.field(payload[:at+table], nameEnd, 0)
		if err != nil {
			return nil, nil, nil, err
		}
		entries = append(entries, headerEntry{string(payload[i+1 : nameEnd]), payload[i : nameEnd+n], limits.passed})
		i = nameEnd + n
	}
	return payload[:at], entries, payload[at+table:], nil
}

// sized is the length in bytes of a value that begins with its size.
func sized(b []byte, at, start int) (int, error) {
	if at+start > len(b) {
		return 0, errFrame
	}
	n := start + int(binary.BigEndian.Uint32(b[at:]))
	if n < start || at+n > len(b) {
		return 0, errFrame
	}
	return n, nil
}

// fixedSizes are the lengths in bytes of the types with a fixed length, as RabbitMQ writes them
// (https://www.rabbitmq.com/amqp-0-9-1-errata#section_3).
var fixedSizes = map[byte]int{
	't': 1, 'b': 1, 'B': 1, 's': 2, 'u': 2, 'I': 4, 'i': 4, 'l': 8, 'f': 4, 'd': 8, 'D': 5, 'T': 8, 'V': 0,
}

// tableLimits notes whether a value exceeds the limits of amqp091-go.
type tableLimits struct{ passed bool }

// field returns the length in bytes of the value at the position, with its type.
func (l *tableLimits) field(b []byte, at, depth int) (int, error) {
	if at >= len(b) {
		return 0, errFrame
	}
	kind := b[at]
	if size, ok := fixedSizes[kind]; ok {
		if at+1+size > len(b) {
			return 0, errFrame
		}
		return 1 + size, nil
	}
	if kind != 'S' && kind != 'x' && kind != 'A' && kind != 'F' {
		return 0, errFrame
	}
	n, err := sized(b, at+1, tableStart)
	if err != nil || kind == 'S' || kind == 'x' {
		return 1 + n, err
	}
	if depth == maxHeaderDepth {
		l.passed = true
		return 1 + n, nil
	}
	return 1 + n, l.nested(b[:at+1+n], at+1+tableStart, kind == 'F', depth+1)
}

// nested visits the entries of a table or array until a limit is exceeded.
func (l *tableLimits) nested(b []byte, at int, named bool, depth int) error {
	for entries := 1; at < len(b) && !l.passed; entries++ {
		if named {
			at += 1 + int(b[at])
		}
		n, err := l.field(b, at, depth)
		if err != nil {
			return err
		}
		at += n
		if entries > maxHeaderEntries {
			l.passed = true
		}
	}
	return nil
}
