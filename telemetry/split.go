package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// mostBytes is the largest size of one export, estimated. A gRPC receiver takes 4 MiB and refuses a longer batch as a whole. The
// limit for one text is not enough: 512 spans with texts of four-byte characters are longer.
const mostBytes = 2 << 20

// itemBytes and fieldBytes are what a span or record, and each of its fields, takes beside the text.
const (
	itemBytes  = 256
	fieldBytes = 16
)

// split cuts items into parts of at most mostBytes each. A single item that is larger is a part of its own.
func split[T any](items []T, size func(T) int) [][]T {
	var parts [][]T
	start, sum := 0, 0
	for i, item := range items {
		n := size(item)
		if i > start && sum+n > mostBytes {
			parts = append(parts, items[start:i])
			start, sum = i, 0
		}
		sum += n
	}
	return append(parts, items[start:])
}

func spanSize(s sdktrace.ReadOnlySpan) int {
	n := itemBytes + len(s.Name()) + len(s.Status().Description) + attributesSize(s.Attributes())
	for _, link := range s.Links() {
		n += itemBytes + attributesSize(link.Attributes)
	}
	for _, event := range s.Events() {
		n += itemBytes + len(event.Name) + attributesSize(event.Attributes)
	}
	return n
}

func recordSize(r sdklog.Record) int {
	n := itemBytes + valueSize(r.Body())
	r.WalkAttributes(func(kv attribute.KeyValue) bool {
		n += fieldBytes + len(kv.Key) + valueSize(kv.Value)
		return true
	})
	return n
}

func attributesSize(attrs []attribute.KeyValue) int {
	n := 0
	for _, kv := range attrs {
		n += fieldBytes + len(kv.Key) + valueSize(kv.Value)
	}
	return n
}

// valueSize is the estimated size of a value.
func valueSize(v attribute.Value) int {
	switch v.Type() {
	case attribute.STRING:
		return len(v.AsString())
	case attribute.BOOL, attribute.INT64, attribute.FLOAT64, attribute.EMPTY:
		return fieldBytes
	case attribute.MAP:
		return attributesSize(v.AsMap())
	default:
		return len(v.String()) + fieldBytes
	}
}
