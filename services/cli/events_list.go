package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
)

type eventsListOptions struct{ json bool }

func newEventsListCommand() *cobra.Command {
	var o eventsListOptions
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Print the catalogue of events",
		Long:    "Print the catalogue of events, with the consumers and versions of this configuration (EVENT_STYLE, EVENT_VERSIONS, ...).",
		Example: "  traceria events list\n  EVENT_STYLE=sparse traceria events list",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runEventsList(cmd, o) },
	}
	addJSON(cmd, &o.json, "a list with every event")
	return cmd
}

func runEventsList(cmd *cobra.Command, o eventsListOptions) error {
	contracts, err := pizzeria.Contracts()
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(cmd, contracts)
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "event\tversion\tproducer\tconsumers\tstyle\tdescription")
	for _, c := range contracts {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Event, c.Version+marks(c), c.Producer, consumers(c), c.Style, c.Description)
	}
	return table.Flush()
}
