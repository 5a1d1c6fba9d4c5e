package wire

import (
	"slices"
	"strings"

	"github.com/rabbitmq/amqp091-go"

	"traceria/telemetry"
)

// HeaderCut names the headers that were removed from a message because they could not be read or republished, separated by
// commas. Headers of others are removed first, the largest before the smaller ones; ours only when that is not enough.
const HeaderCut = "traceria-headers-cut"

// isOurs reports whether a header is one of Traceria's, carries the trace context or has an attribute of the event.
func isOurs(name string) bool {
	return strings.HasPrefix(name, "traceria-") || slices.Contains(telemetry.W3C.Fields(), name) || isAttribute(name)
}

// attributePrefixes and attributes make the headers from which package event reads a CloudEvent in binary mode. Without one of
// them the message is another event, or none. A test of package broker compares them with event.
var (
	attributePrefixes = []string{"cloudEvents:", "cloudEvents_", "ce-"}
	attributes        = []string{
		"specversion", "id", "source", "type", "time", "datacontenttype", "correlationid", "causationid", "traceparent", "tracestate", "baggage",
	}
)

// isAttribute reports whether a header has an attribute that is read. Other attributes may be long, and are cut like any header.
func isAttribute(name string) bool {
	return slices.ContainsFunc(attributePrefixes, func(prefix string) bool {
		attribute, ok := strings.CutPrefix(name, prefix)
		return ok && slices.Contains(attributes, attribute)
	})
}

// WithoutForeign returns the headers that are ours. [HeaderCut] names the others.
func WithoutForeign(headers amqp091.Table) amqp091.Table {
	ours, names := amqp091.Table{}, []string{}
	for name, value := range headers {
		if isOurs(name) {
			ours[name] = value
		} else {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if before := Text(ours[HeaderCut]); before != "" {
		names = append([]string{before}, names...)
	}
	ours[HeaderCut] = Shortened(strings.ToValidUTF8(strings.Join(names, ","), "?"))
	return ours
}

// Text is the value of a header that may arrive as a string or as bytes. It is empty for other types.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return ""
	}
}

const maxText = 500

// Shortened cuts a text to 500 bytes, for headers and log lines: an error may contain the content of a message.
func Shortened(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}
