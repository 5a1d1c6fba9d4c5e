package telemetry

import (
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Text from outside may have any bytes, and OTLP takes valid UTF-8 only: one text that is not valid makes the exporter refuse a
// whole batch, with the spans of others in it. In a metric such a text comes again with every export. So all text is made valid
// before it reaches an exporter, and is bounded in length, because a receiver refuses a batch that is too long.

// longestText is the largest length of a text attribute, in characters, unless OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT or
// OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT is set. A header may have a megabyte. A batch has 512 spans, and a gRPC receiver takes 4 MiB.
const longestText = 1024

// spanLimits are the limits of the environment, with a limit for the length of text.
func spanLimits() sdktrace.SpanLimits {
	limits := sdktrace.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 && os.Getenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT") == "" {
		limits.AttributeValueLengthLimit = longestText
	}
	return limits
}

// guard makes text valid and bounds its length. The limit that a user sets is for values alone, as the specification says: it must
// not cut the names and keys, or different keys would become one.
type guard struct{ longest int }

// names is the guard for names, keys and descriptions.
var names = guard{longestText}

// newGuard returns a guard with the limit for spans.
func newGuard() guard {
	if limit := spanLimits().AttributeValueLengthLimit; limit >= 0 {
		return guard{limit}
	}
	return guard{math.MaxInt}
}

// right reports whether text would not be changed.
func (g guard) right(text string) bool {
	return (len(text) <= g.longest || utf8.RuneCountInString(text) <= g.longest) && utf8.ValidString(text)
}

// text replaces each run of bytes that are not UTF-8 by U+FFFD, and cuts what is too long.
func (g guard) text(text string) string {
	if g.right(text) {
		return text
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if g.right(text) {
		return text
	}
	return string([]rune(text)[:g.longest])
}

func (g guard) rightAttribute(kv attribute.KeyValue) bool {
	return names.right(string(kv.Key)) && g.rightValue(kv.Value)
}

func (g guard) rightValue(v attribute.Value) bool {
	switch v.Type() {
	case attribute.STRING:
		return g.right(v.AsString())
	case attribute.STRINGSLICE:
		return !slices.ContainsFunc(v.AsStringSlice(), func(text string) bool { return !g.right(text) })
	case attribute.SLICE:
		return !slices.ContainsFunc(v.AsSlice(), func(v attribute.Value) bool { return !g.rightValue(v) })
	case attribute.MAP:
		return g.allRight(v.AsMap())
	default:
		return true
	}
}

func (g guard) allRight(attrs []attribute.KeyValue) bool {
	for _, kv := range attrs {
		if !g.rightAttribute(kv) {
			return false
		}
	}
	return true
}

// attributes returns the same slice if all are right, and a changed copy otherwise.
func (g guard) attributes(attrs []attribute.KeyValue) []attribute.KeyValue {
	if g.allRight(attrs) {
		return attrs
	}
	changed := make([]attribute.KeyValue, len(attrs))
	for i, kv := range attrs {
		changed[i] = attribute.KeyValue{Key: attribute.Key(names.text(string(kv.Key))), Value: g.value(kv.Value)}
	}
	return changed
}

func (g guard) value(v attribute.Value) attribute.Value {
	switch v.Type() {
	case attribute.STRING:
		return attribute.StringValue(g.text(v.AsString()))
	case attribute.STRINGSLICE:
		texts := v.AsStringSlice()
		for i, text := range texts {
			texts[i] = g.text(text)
		}
		return attribute.StringSliceValue(texts)
	case attribute.SLICE:
		values := slices.Clone(v.AsSlice())
		for i, value := range values {
			values[i] = g.value(value)
		}
		return attribute.SliceValue(values...)
	case attribute.MAP:
		return attribute.MapValue(g.attributes(v.AsMap())...)
	default:
		return v
	}
}

// spans returns the spans with text that is right. It does not change the caller's slice.
func (g guard) spans(spans []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	var changed []sdktrace.ReadOnlySpan
	for i, span := range spans {
		if g.rightSpan(span) {
			continue
		}
		if changed == nil {
			changed = append(changed, spans...)
		}
		changed[i] = guarded{span, g}
	}
	if changed == nil {
		return spans
	}
	return changed
}

func (g guard) rightSpan(s sdktrace.ReadOnlySpan) bool {
	if !names.right(s.Name()) || !names.right(s.Status().Description) || !g.allRight(s.Attributes()) {
		return false
	}
	for _, link := range s.Links() {
		if !g.allRight(link.Attributes) {
			return false
		}
	}
	for _, event := range s.Events() {
		if !names.right(event.Name) || !g.allRight(event.Attributes) {
			return false
		}
	}
	return true
}

// guarded is a span whose text is made right.
type guarded struct {
	sdktrace.ReadOnlySpan
	guard guard
}

func (s guarded) Name() string { return names.text(s.ReadOnlySpan.Name()) }

func (s guarded) Attributes() []attribute.KeyValue {
	return s.guard.attributes(s.ReadOnlySpan.Attributes())
}

func (s guarded) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	status.Description = names.text(status.Description)
	return status
}

func (s guarded) Links() []sdktrace.Link {
	links := append([]sdktrace.Link{}, s.ReadOnlySpan.Links()...)
	for i := range links {
		links[i].Attributes = s.guard.attributes(links[i].Attributes)
	}
	return links
}

func (s guarded) Events() []sdktrace.Event {
	events := append([]sdktrace.Event{}, s.ReadOnlySpan.Events()...)
	for i := range events {
		events[i].Name, events[i].Attributes = names.text(events[i].Name), s.guard.attributes(events[i].Attributes)
	}
	return events
}
