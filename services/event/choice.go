package event

import (
	"slices"
	"strings"
)

// Choices are how events are written and published, where there is more than one way. The zero value is the default.
type Choices struct {
	// Versions (EVENT_VERSIONS) are the fat forms of OrderConfirmed that are published.
	Versions string
	// Style (EVENT_STYLE) is how much the consumers of OrderConfirmed are told.
	Style string
	// Format (EVENT_FORMAT) is the envelope in which events are published. Every consumer reads both at any time.
	Format string
	// Unguarded (TRACERIA_EVENT_VALIDATION=off) lets consumers take data as it comes (see [Envelope]).
	Unguarded bool
}

// The values of [Choices.Format].
const (
	// MetadataFormat (the default) is the metadata/data pattern.
	MetadataFormat = "metadata"
	// CloudEventsFormat is CloudEvents 1.0 in its structured JSON form.
	CloudEventsFormat = "cloudevents"
)

// The values of [Choices.Versions].
const (
	BothVersions = "both" // the default
	OnlyV1       = "v1"
	OnlyV2       = "v2"
)

// The values of [Choices.Style].
const (
	// Fat (the default): the event has everything in it.
	Fat = "fat"
	// Sparse: delivery is told ids only, and knows the address by its id. Kitchen and loyalty stay on a fat form.
	Sparse = "sparse"
	// SparseCallback: kitchen, loyalty and delivery are told ids only, and ask the order service for the rest.
	SparseCallback = "sparse-callback"
)

// Confirmed are the versions of OrderConfirmed that are published, the sparse one last. Nobody takes a fat form when all
// call back, and what nobody takes cannot be routed.
func (c Choices) Confirmed() []Type {
	var types []Type
	if c.Style != SparseCallback {
		if c.Versions != OnlyV2 {
			types = append(types, OrderConfirmedV1)
		}
		if c.Versions != OnlyV1 {
			types = append(types, OrderConfirmedV2)
		}
	}
	if c.Style == Sparse || c.Style == SparseCallback {
		types = append(types, OrderConfirmedV3)
	}
	return types
}

// Publishes tells whether a type is published: what there is one way of always is.
func (c Choices) Publishes(t Type) bool {
	return t.Name != OrderConfirmedV1.Name || slices.Contains(c.Confirmed(), t)
}

// PublishedWith is the setting without which a type is not published: "EVENT_STYLE=sparse or sparse-callback". It is empty for
// what is published by default.
func (t Type) PublishedWith() string {
	if (Choices{}).Publishes(t) {
		return ""
	}
	var styles []string
	for _, style := range []string{Sparse, SparseCallback} {
		if (Choices{Style: style}).Publishes(t) {
			styles = append(styles, style)
		}
	}
	return "EVENT_STYLE=" + strings.Join(styles, " or ")
}
