package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"traceria/services/event"
	"traceria/services/topology"
)

// contract is an entry of the catalogue of events.
type contract struct {
	Event      string   `json:"event"`
	Version    string   `json:"version"`
	Producer   string   `json:"producer"`
	Consumers  []string `json:"consumers"`
	Exchange   string   `json:"exchange"`
	RoutingKey string   `json:"routingKey"`
	// CloudEventsType is its type when it is sent as a CloudEvent.
	CloudEventsType string `json:"cloudEventsType"`
	Style           string `json:"style"`
	// Published tells whether it is published as the system is configured here, and PublishedWith what that takes, if it is
	// not the default.
	Published     bool   `json:"published"`
	PublishedWith string `json:"publishedWith,omitempty"`
	// Released tells whether its schema is held against what was released.
	Released   bool `json:"released"`
	Deprecated bool `json:"deprecated"`
	// DeprecationDate is when a deprecated version may go, if nobody takes it then.
	DeprecationDate string `json:"deprecationDate,omitempty"`
	Description     string `json:"description"`
	// Example is the event's data, and Schema the JSON Schema that it keeps.
	Example json.RawMessage `json:"example"`
	Schema  json.RawMessage `json:"schema"`
	// Envelopes are the whole event with that data, by EVENT_FORMAT.
	Envelopes map[string]json.RawMessage `json:"envelopes"`
}

func newEventsCommand() *cobra.Command {
	events := &cobra.Command{
		Use:     "events",
		Short:   "List and show the events: who publishes and who takes them, and what is in them",
		GroupID: groupTools,
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var listJSON, showJSON bool
	list := &cobra.Command{
		Use: "list", Short: "Print the catalogue", Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			contracts, err := catalogue()
			if err != nil || listJSON {
				return orJSON(cmd, contracts, err)
			}
			return printCatalogue(cmd, contracts)
		},
	}
	list.Flags().BoolVar(&listJSON, "json", false, "print one JSON document: a list with every event")
	show := &cobra.Command{
		Use: "show NAME", Short: "Show an event in all its versions, or in one: OrderConfirmed, OrderConfirmed.v2",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			contracts, err := find(args[0])
			if err != nil || showJSON {
				return orJSON(cmd, contracts, err)
			}
			for _, c := range contracts {
				if err := printContract(cmd, c); err != nil {
					return err
				}
			}
			return nil
		},
	}
	show.Flags().BoolVar(&showJSON, "json", false, "print one JSON document: a list with each version, its schema included")
	events.AddCommand(list, show, newAsyncAPICommand())
	return events
}

func orJSON(cmd *cobra.Command, value any, err error) error {
	if err != nil {
		return err
	}
	return printJSON(cmd, value)
}

// catalogue is every event, as the system is configured here.
func catalogue() ([]contract, error) {
	config, err := configuration(services()...)
	if err != nil {
		return nil, err
	}
	contracts := make([]contract, len(event.Catalogue))
	for i, t := range event.Catalogue {
		c, err := contractOf(t, known(), config.Choices(context.Background()))
		if err != nil {
			return nil, err
		}
		contracts[i] = c
	}
	return contracts, nil
}

func contractOf(t event.Type, topology topology.Topology, choices event.Choices) (contract, error) {
	c := contract{
		Event: t.Name, Version: t.Version, Producer: t.Domain, Consumers: []string{}, Exchange: t.Exchange, RoutingKey: t.RoutingKey(),
		CloudEventsType: t.CloudEventsType(),
		Style:           "sparse", Published: choices.Publishes(t), PublishedWith: t.PublishedWith(), Released: t.Released(), Deprecated: t.Deprecated(),
		DeprecationDate: t.DeprecationDate(),
	}
	if t.Fat() {
		c.Style = "fat"
	}
	for _, s := range topology.Subscriptions {
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
		return c, fmt.Errorf("read the schema of %s: %w", t, err)
	}
	c.Schema, c.Description = schema, told.Description
	if len(told.Examples) > 0 {
		c.Example = told.Examples[0]
	}
	c.Envelopes = map[string]json.RawMessage{}
	for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
		if _, c.Envelopes[format], err = event.Encode(exampleOf(t, c), format); err != nil {
			return c, fmt.Errorf("write the example of %s: %w", t, err)
		}
	}
	return c, nil
}

// find finds an event by its name, in any spelling that the system uses, and perhaps its version.
func find(name string) ([]contract, error) {
	contracts, err := catalogue()
	if err != nil {
		return nil, err
	}
	var found []contract
	var names []string
	for i, c := range contracts {
		spellings := []string{c.Event, event.Catalogue[i].Kebab()}
		for _, spelling := range spellings {
			if strings.EqualFold(name, spelling) || strings.EqualFold(name, spelling+"."+c.Version) || name == c.RoutingKey {
				found = append(found, c)
				break
			}
		}
		names = append(names, c.Event+"."+c.Version)
	}
	if len(found) == 0 {
		return nil, usagef("there is no event %q; there are %s", name, strings.Join(names, ", "))
	}
	return found, nil
}

func printCatalogue(cmd *cobra.Command, contracts []contract) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "event\tversion\tproducer\tconsumers\tstyle\tdescription")
	for _, c := range contracts {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Event, c.Version+mark(c), c.Producer, takers(c), c.Style, c.Description)
	}
	return table.Flush()
}

// mark says of a version what is unusual about it.
func mark(c contract) string {
	var marks []string
	if c.Deprecated {
		marks = append(marks, "deprecated, may go after "+c.DeprecationDate)
	}
	if !c.Released {
		marks = append(marks, "unreleased")
	}
	switch {
	case c.Published:
	case c.PublishedWith != "":
		marks = append(marks, "only with "+c.PublishedWith)
	default:
		marks = append(marks, "not published by this configuration")
	}
	if len(marks) == 0 {
		return ""
	}
	return " (" + strings.Join(marks, "; ") + ")"
}

func takers(c contract) string {
	if len(c.Consumers) == 0 {
		return "nobody"
	}
	return strings.Join(c.Consumers, ", ")
}

func printContract(cmd *cobra.Command, c contract) error {
	cmd.Printf("%s %s%s, %s\n  %s\n  published by  %s, to %s with key %s\n  taken by      %s\n",
		c.Event, c.Version, mark(c), c.Style, c.Description, c.Producer, c.Exchange, c.RoutingKey, takers(c))
	for _, form := range []struct{ format, title string }{
		{event.MetadataFormat, "as metadata/data"}, {event.CloudEventsFormat, "as CloudEvent " + c.CloudEventsType},
	} {
		var example bytes.Buffer
		if err := json.Indent(&example, c.Envelopes[form.format], "  ", "  "); err != nil {
			return fmt.Errorf("print the example of %s: %w", c.Event, err)
		}
		cmd.Printf("  %s, EVENT_FORMAT=%s\n  %s\n", form.title, form.format, example.String())
	}
	cmd.Println()
	return nil
}
