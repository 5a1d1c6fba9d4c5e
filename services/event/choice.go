package event

import (
	"slices"
	"strings"
)

// Choices say how events are published and read. The zero value is the default.
type Choices struct {
	// Versions (EVENT_VERSIONS) selects the fat forms of OrderConfirmed that are published.
	Versions string
	// Style (EVENT_STYLE) selects how much state OrderConfirmed carries.
	Style string
	// Format (EVENT_FORMAT) is the envelope of published events. Every consumer reads both formats at any time.
	Format string
	// Unguarded (TRACERIA_EVENT_VALIDATION=off) switches the consumers' checks off (see [Envelope]).
	Unguarded bool
	// Switched is true if Versions or Style were switched while the system runs, in place of the configuration.
	Switched bool
	// Before has forms of OrderConfirmed that were chosen before a switch. They are published as well until every consumer
	// takes the new forms.
	Before []Type
}

// The values of [Choices.Format].
const (
	// MetadataFormat is the metadata/data pattern, the default.
	MetadataFormat = "metadata"
	// CloudEventsFormat is CloudEvents 1.0 in the structured JSON form.
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
	// Fat events carry all state. This is the default.
	Fat = "fat"
	// Sparse gives delivery ids only; it knows the address by its id. Kitchen and loyalty take a fat form.
	Sparse = "sparse"
	// SparseCallback gives kitchen, loyalty and delivery ids only; they ask the order service for the rest.
	SparseCallback = "sparse-callback"
)

// Confirmed returns the versions of OrderConfirmed that are published, the sparse one last. With SparseCallback it has no fat
// form: without a subscriber it would be unroutable.
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

// Taken returns the versions of OrderConfirmed that a consumer takes: the configured ones unless the choice was switched. After
// a switch it takes another version if none of those is published, and the sparse one if the style says so.
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

// Publishes reports whether a type is published. Types other than OrderConfirmed always are.
func (c Choices) Publishes(t Type) bool {
	return t.Name != OrderConfirmedV1.Name || slices.Contains(c.Confirmed(), t)
}

// PublishedWith returns the setting that a type needs to be published: "EVENT_STYLE=sparse or sparse-callback". It returns ""
// for a type that is published by default.
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
