package otlp

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	// maxNesting is the number of messages or objects within each other. The decoder has no limit of its own, and each level takes
	// stack. A request without nested values has about ten.
	maxNesting = 100
	// maxDecoded is the memory that the decoded objects of one request may take, in bytes. Two bytes of a body can stand for an empty
	// span of 250 bytes.
	maxDecoded = 192 << 20
)

// message is a kind of message in OTLP's protobuf.
type message int

const (
	leaf message = iota
	traceRequest
	resourceSpans
	scopeSpans
	span
	event
	link
	logRequest
	resourceLogs
	scopeLogs
	logRecord
	resource
	scope
	keyValue
	anyValue
	arrayValue
	keyValueList
)

// fields are the fields that hold messages, by number.
var fields = map[message]map[protowire.Number]message{
	traceRequest:  {1: resourceSpans},
	resourceSpans: {1: resource, 2: scopeSpans},
	scopeSpans:    {1: scope, 2: span},
	span:          {9: keyValue, 11: event, 13: link},
	event:         {3: keyValue},
	link:          {4: keyValue},
	logRequest:    {1: resourceLogs},
	resourceLogs:  {1: resource, 2: scopeLogs},
	scopeLogs:     {1: scope, 2: logRecord},
	logRecord:     {5: anyValue, 6: keyValue},
	resource:      {1: keyValue, 3: leaf},
	scope:         {3: keyValue},
	keyValue:      {2: anyValue},
	anyValue:      {5: arrayValue, 6: keyValueList},
	arrayValue:    {1: anyValue},
	keyValueList:  {1: keyValue},
}

// sizes are the bytes of a decoded message, with the slice that holds it and the span that is made from it.
var sizes = map[message]int{
	leaf: 100, resourceSpans: 300, scopeSpans: 300, span: 600, event: 300, link: 300, resourceLogs: 300, scopeLogs: 300, logRecord: 500,
	resource: 100, scope: 100, keyValue: 200, anyValue: 50, arrayValue: 80, keyValueList: 80,
}

// inspectProto refuses a body whose decoding would take too much stack or memory. It leaves other faults to the decoder.
func inspectProto(body []byte, request message) (int64, error) {
	decoded := 0
	err := inspectMessage(body, request, 0, &decoded)
	return int64(decoded), err
}

func inspectMessage(body []byte, kind message, depth int, decoded *int) error {
	if depth > maxNesting {
		return fmt.Errorf("%w: values are nested more than %d deep", ErrUnreadable, maxNesting)
	}
	if *decoded += sizes[kind]; *decoded > maxDecoded {
		return fmt.Errorf("%w: the decoded request takes more than %d MiB: send smaller requests", ErrTooLarge, maxDecoded>>20)
	}
	within := fields[kind]
	for len(body) > 0 {
		number, wire, n := protowire.ConsumeTag(body)
		if n < 0 {
			return nil
		}
		body = body[n:]
		below, nested := within[number]
		if wire != protowire.BytesType || !nested {
			if n = protowire.ConsumeFieldValue(number, wire, body); n < 0 {
				return nil
			}
			body = body[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(body)
		if n < 0 {
			return nil
		}
		if err := inspectMessage(value, below, depth+1, decoded); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}

// inspectJSON is inspectProto for JSON. It counts objects by their depth: spans are on the fourth level. The decoder makes an object of
// each item of a list, also of a number where an object must be.
func inspectJSON(body []byte) (int64, error) {
	depth, objects, decoded := 0, 0, 0
	quoted := false
	var lists [maxNesting + 2]bool // by depth
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			lists[depth] = c == '['
			if c == '{' {
				objects++
			}
			decoded += jsonSize(objects, c)
		case c == '}' || c == ']':
			if c == '}' {
				objects--
			}
			depth = max(depth-1, 0)
		case c == ',' && lists[depth] && !opens(body[i+1:]):
			decoded += sizes[span]
		}
		if depth > maxNesting {
			return 0, fmt.Errorf("%w: values are nested more than %d deep", ErrUnreadable, maxNesting)
		}
		if decoded > maxDecoded {
			return 0, fmt.Errorf("%w: the decoded document takes more than %d MiB: send smaller ones", ErrTooLarge, maxDecoded>>20)
		}
	}
	return int64(decoded), nil
}

// opens reports whether an object or a list comes next.
func opens(body []byte) bool {
	next := bytes.TrimLeft(body[:min(len(body), 100)], " \t\r\n")
	return len(next) > 0 && (next[0] == '{' || next[0] == '[')
}

// jsonSize is the memory of an object that is within others, or of a list.
func jsonSize(objects int, c byte) int {
	switch {
	case c == '[':
		return sizes[arrayValue]
	case objects <= 4:
		return sizes[span]
	case objects == 5:
		return sizes[keyValue]
	default:
		return sizes[anyValue]
	}
}
