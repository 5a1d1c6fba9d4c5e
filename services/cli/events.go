package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
)

func newEventsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "events",
		Short:   "List and show the events: their publishers, consumers and contents",
		GroupID: groupTools,
		Example: "  traceria events list\n  traceria events show OrderConfirmed.v2",
		Args:    asUsage(cobra.NoArgs),
		RunE:    showHelp,
	}
	cmd.AddCommand(newEventsListCommand(), newEventsShowCommand(), newEventsAsyncAPICommand())
	return cmd
}

// marks says in brackets what is unusual about an event: it is deprecated, unreleased or not always published.
func marks(c pizzeria.Contract) string {
	var all []string
	if c.Deprecated {
		all = append(all, "deprecated, may go after "+c.DeprecationDate)
	}
	if !c.Released {
		all = append(all, "unreleased")
	}
	switch {
	case c.Published:
	case c.PublishedWith != "":
		all = append(all, "only with "+c.PublishedWith)
	default:
		all = append(all, "not published by this configuration")
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, "; ") + ")"
}

// consumers names the services that take an event.
func consumers(c pizzeria.Contract) string {
	if len(c.Consumers) == 0 {
		return "none"
	}
	return strings.Join(c.Consumers, ", ")
}
