package pizzeria

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"traceria/services/event"
	"traceria/services/topology"
)

// Contract describes a version of an event: who publishes and takes it, its schema and an example.
type Contract struct {
	Event      string   `json:"event"`
	Version    string   `json:"version"`
	Producer   string   `json:"producer"`
	Consumers  []string `json:"consumers"`
	Exchange   string   `json:"exchange"`
	RoutingKey string   `json:"routingKey"`
	// CloudEventsType is the type attribute of its CloudEvents envelope.
	CloudEventsType string `json:"cloudEventsType"`
	Style           string `json:"style"`
	// Published reports whether this configuration publishes it. PublishedWith is the setting that does, if the default does not.
	Published     bool   `json:"published"`
	PublishedWith string `json:"publishedWith,omitempty"`
	// Released events keep their schema.
	Released   bool `json:"released"`
	Deprecated bool `json:"deprecated"`
	// DeprecationDate is the earliest end of a deprecated version. It stays as long as a consumer takes it.
	DeprecationDate string `json:"deprecationDate,omitempty"`
	Description     string `json:"description"`
	// Example is an example of the data, and Schema is its JSON Schema.
	Example json.RawMessage `json:"example"`
	Schema  json.RawMessage `json:"schema"`
	// Envelopes are the whole event with the example, by EVENT_FORMAT.
	Envelopes map[string]json.RawMessage `json:"envelopes"`
}

// Contracts returns every version of every event, with the publishers and consumers of this configuration.
func Contracts() ([]Contract, error) {
	config, err := Configuration(Services()...)
	if err != nil {
		return nil, err
	}
	contracts := make([]Contract, len(event.Catalogue))
	for i, t := range event.Catalogue {
		c, err := ContractOf(t, Known(), config.Choices(context.Background()))
		if err != nil {
			return nil, err
		}
		contracts[i] = c
	}
	return contracts, nil
}

// ContractOf describes t. known decides its consumers, and choices decide whether it is published.
func ContractOf(t event.Type, known topology.Topology, choices event.Choices) (Contract, error) {
	c := Contract{
		Event: t.Name, Version: t.Version, Producer: t.Domain, Consumers: []string{}, Exchange: t.Exchange, RoutingKey: t.RoutingKey(),
		CloudEventsType: t.CloudEventsType(),
		Style:           "sparse", Published: choices.Publishes(t), PublishedWith: t.PublishedWith(), Released: t.Released(), Deprecated: t.Deprecated(),
		DeprecationDate: t.DeprecationDate(),
	}
	if t.Fat() {
		c.Style = "fat"
	}
	for _, s := range known.Subscriptions {
		if s.Takes(t) {
			c.Consumers = append(c.Consumers, s.Subscriber)
		}
	}
	schema, err := event.Schema(t)
	if err != nil {
		return c, err
	}
	var told struct {
		Description string
		Examples    []json.RawMessage
	}
	if err := json.Unmarshal(schema, &told); err != nil {
		return c, fmt.Errorf("decode the schema of %s: %w", t, err)
	}
	c.Schema, c.Description = schema, told.Description
	if len(told.Examples) > 0 {
		c.Example = told.Examples[0]
	}
	c.Envelopes = map[string]json.RawMessage{}
	for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
		if _, c.Envelopes[format], err = event.Encode(ExampleOf(t, c), format); err != nil {
			return c, fmt.Errorf("encode the example of %s: %w", t, err)
		}
	}
	return c, nil
}

// ExampleOf returns an event with the example of its schema. It is the same each time.
func ExampleOf(t event.Type, c Contract) event.Envelope {
	return event.Envelope{
		Metadata: event.Metadata{
			EventType: t.Name, Version: t.Version, EventID: "0b9e3a52-6f0e-4c58-9d3e-2d7c7a4a9f10", Source: t.Domain,
			EventDate:      event.Date{Time: time.Date(2024, 1, 30, 12, 0, 0, 0, time.UTC)},
			ConversationID: "4d4cbbf2-54a5-4c17-b5ce-f1c4ed1a3f5e",
			TraceParent:    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ParentSpan: "00f067aa0ba902b7",
		},
		Data: c.Example,
	}
}
