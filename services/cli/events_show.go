package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/event"
	"traceria/services/pizzeria"
)

type eventsShowOptions struct {
	name string
	json bool
}

func newEventsShowCommand() *cobra.Command {
	var o eventsShowOptions
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show an event in all its versions or in one, with an example",
		Long:    "Show an event: its publisher and consumers, and an example in both envelopes.\nNAME is an event, an event with its version, or a routing key.",
		Example: "  traceria events show OrderConfirmed\n  traceria events show OrderConfirmed.v2\n  traceria events show order.order-confirmed.v2",
		Args:    oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return runEventsShow(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "a list with each version and its schema")
	return cmd
}

func runEventsShow(cmd *cobra.Command, o eventsShowOptions) error {
	all, err := pizzeria.Contracts()
	if err != nil {
		return err
	}
	found, err := findContracts(all, o.name)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(cmd, found)
	}
	for _, c := range found {
		if err := printContract(cmd, c); err != nil {
			return err
		}
	}
	return nil
}

// findContracts finds an event by its name, in upper or lower case or as routing keys spell it, with or without its version.
func findContracts(all []pizzeria.Contract, name string) (found []pizzeria.Contract, err error) {
	var names []string
	for i, c := range all {
		kebab := event.Catalogue[i].Kebab()
		spellings := []string{c.Event, c.Event + "." + c.Version, kebab, kebab + "." + c.Version, c.RoutingKey}
		if slices.ContainsFunc(spellings, func(s string) bool { return strings.EqualFold(s, name) }) {
			found = append(found, c)
		}
		names = append(names, c.Event+"."+c.Version)
	}
	if len(found) == 0 {
		return nil, usagef("there is no event %q; there are %s", name, strings.Join(names, ", "))
	}
	return found, nil
}

func printContract(cmd *cobra.Command, c pizzeria.Contract) error {
	cmd.Printf("%s %s%s, %s\n  %s\n  published by  %s, to %s with key %s\n  taken by      %s\n",
		c.Event, c.Version, marks(c), c.Style, c.Description, c.Producer, c.Exchange, c.RoutingKey, consumers(c))
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
