package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"traceria/services/event"
	"traceria/services/pizzeria"
)

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
			contracts, err := pizzeria.Contracts()
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

// find finds an event by its name, in any spelling that the system uses, and perhaps its version.
func find(name string) ([]pizzeria.Contract, error) {
	contracts, err := pizzeria.Contracts()
	if err != nil {
		return nil, err
	}
	var found []pizzeria.Contract
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

func printCatalogue(cmd *cobra.Command, contracts []pizzeria.Contract) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "event\tversion\tproducer\tconsumers\tstyle\tdescription")
	for _, c := range contracts {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Event, c.Version+mark(c), c.Producer, takers(c), c.Style, c.Description)
	}
	return table.Flush()
}

// mark says of a version what is unusual about it.
func mark(c pizzeria.Contract) string {
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

func takers(c pizzeria.Contract) string {
	if len(c.Consumers) == 0 {
		return "nobody"
	}
	return strings.Join(c.Consumers, ", ")
}

func printContract(cmd *cobra.Command, c pizzeria.Contract) error {
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
