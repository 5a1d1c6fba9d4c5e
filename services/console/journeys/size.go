package journeys

import (
	"reflect"

	"traceria/telemetry/tracetree"
)

// sizeOf is the memory of a span in bytes, as far as it does not share it with others.
func sizeOf(span *tracetree.Span) int64 {
	size := spanCost + mapSize(span.Attributes) + textSize(span.StatusMessage) + textSize(span.TraceState)
	for _, name := range []string{span.Name, span.Service, span.Scope.Name, span.Scope.Version} {
		size += nameSize(name)
	}
	for _, l := range span.Links {
		size += 80 + textSize(l.TraceState) + mapSize(l.Attributes)
	}
	for _, e := range span.Events {
		size += 64 + nameSize(e.Name) + mapSize(e.Attributes)
	}
	return size
}

// sizeAfter is the memory of a span that follows others. A resource counts once in a row of spans that share it.
func sizeAfter(spans []tracetree.Span, span *tracetree.Span) int64 {
	size := sizeOf(span)
	if n := len(spans); n == 0 || !sameResource(&spans[n-1], span) {
		size += mapSize(span.Resource)
	}
	return size
}

// sizeOfAll is the memory of spans, with their resources.
func sizeOfAll(spans []tracetree.Span) (size int64) {
	for i := range spans {
		size += sizeAfter(spans[:i], &spans[i])
	}
	return size
}

func sameResource(a, b *tracetree.Span) bool {
	return reflect.ValueOf(a.Resource).Pointer() == reflect.ValueOf(b.Resource).Pointer()
}

// mapSize is the memory of attributes: Go's maps have groups of 8 places of 32 bytes, which are filled to 7/8.
func mapSize(m map[string]any) int64 {
	if len(m) == 0 {
		return 0
	}
	places := 8
	for places*7/8 < len(m) && places > 8 || len(m) > 8 && places == 8 {
		places *= 2
	}
	size := int64(56 + places*33)
	if places > 8 {
		size += 64
	}
	for key, value := range m {
		size += nameSize(key) + valueSize(value)
	}
	return size
}

func valueSize(value any) int64 {
	switch v := value.(type) {
	case string:
		return 16 + textSize(v)
	case []any:
		size := int64(24 + 16*len(v))
		for _, item := range v {
			size += valueSize(item)
		}
		return size
	case bool:
		return 0
	default:
		return 8
	}
}

// textSize is the memory of a text: the allocator rounds it up.
func textSize(s string) int64 { return int64(len(s)+7) &^ 7 }

// longName is the most bytes of a name that spans share, as package otlp does.
const longName = 64

// nameSize is the memory of a name: all spans share the short ones.
func nameSize(s string) int64 {
	if len(s) <= longName {
		return 0
	}
	return textSize(s)
}
