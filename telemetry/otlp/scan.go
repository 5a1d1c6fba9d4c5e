package otlp

import (
	"bytes"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// AnyAttribute reports whether a span, a link, an event, a resource or a scope in an ExportTraceServiceRequest in protobuf has an
// attribute with this key whose value meets a condition. Values are string, bool, int64, float64 and []any of these. AnyAttribute does
// not decode the request, which takes ten times as long. It ignores what is not OTLP.
func AnyAttribute(request []byte, key string, meets func(value any) bool) bool {
	return bytes.Contains(request, []byte(key)) && scan(request, traceRequest, key, meets)
}

// scan looks at the messages of a message in which an attribute may be.
func scan(body []byte, kind message, key string, meets func(any) bool) bool {
	found := false
	each(body, func(number protowire.Number, wire protowire.Type, value []byte) bool {
		below, nested := fields[kind][number]
		switch {
		case wire != protowire.BytesType || !nested:
		case below == keyValue:
			found = isAttribute(value, key, meets)
		case below != leaf:
			found = scan(value, below, key, meets)
		}
		return !found
	})
	return found
}

func isAttribute(body []byte, key string, meets func(any) bool) bool {
	var value any = ""
	named := false
	each(body, func(number protowire.Number, wire protowire.Type, field []byte) bool {
		switch {
		case wire != protowire.BytesType:
		case number == 1:
			named = string(field) == key
			return named
		case number == 2:
			value = anyOf(field, maxDepth)
		}
		return true
	})
	return named && meets(value)
}

// anyOf reads an AnyValue. It returns nil for bytes and maps.
func anyOf(body []byte, depth int) (value any) {
	each(body, func(number protowire.Number, _ protowire.Type, field []byte) bool {
		switch number {
		case 1:
			value = string(field)
		case 2:
			n, _ := protowire.ConsumeVarint(field)
			value = n != 0
		case 3:
			n, _ := protowire.ConsumeVarint(field)
			value = int64(n)
		case 4:
			n, _ := protowire.ConsumeFixed64(field)
			value = math.Float64frombits(n)
		case 5:
			value = listOf(field, depth-1)
		}
		return true
	})
	return value
}

func listOf(body []byte, depth int) []any {
	list := []any{}
	if depth > 0 {
		each(body, func(number protowire.Number, _ protowire.Type, field []byte) bool {
			if number == 1 && len(list) < maxValues {
				list = append(list, anyOf(field, depth))
			}
			return true
		})
	}
	return list
}

// each visits the fields of a message until visit returns false. value is the contents of a field with a length, and else its bytes.
func each(body []byte, visit func(number protowire.Number, wire protowire.Type, value []byte) bool) {
	for len(body) > 0 {
		number, wire, n := protowire.ConsumeTag(body)
		if n < 0 {
			return
		}
		body = body[n:]
		size := protowire.ConsumeFieldValue(number, wire, body)
		if size < 0 {
			return
		}
		value := body[:size]
		if wire == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(body)
		}
		if !visit(number, wire, value) {
			return
		}
		body = body[size:]
	}
}
