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
	// Switched says that Versions or Style were chosen while the system runs, over what is configured.
	Switched bool
	// Before are forms of OrderConfirmed that were chosen until a moment ago, and are published as well until everybody
	// takes the new ones.
	Before []Type
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
	if len(c.Before) == 0 {
		return types
	}
	return slices.DeleteFunc(slices.Clone(Catalogue), func(t Type) bool {
		return !slices.Contains(types, t) && !slices.Contains(c.Before, t)
	})
}

// Taken are the versions of OrderConfirmed that a consumer takes, which is configured for some. Where the choice was
// switched while the system runs, it takes another version when those are not published, and the sparse one when the
// style says so.
func (c Choices) Taken(service string, configured []Type) []Type {
	if !c.Switched {
		return configured
	}
	if c.Style == SparseCallback || c.Style == Sparse && service == "delivery" {
		return []Type{OrderConfirmedV3}
	}
	c.Before = nil
	published := c.Confirmed()
	taken := slices.DeleteFunc(slices.Clone(configured), func(t Type) bool { return !slices.Contains(published, t) })
	if len(taken) == 0 {
		return published[:1]
	}
	return taken
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
