package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
)

type deadListOptions struct{ json bool }

func newDeadListCommand() *cobra.Command {
	var o deadListOptions
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the subscriptions that have dead letters, with their number",
		Example: "  traceria dead list",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDeadList(cmd, o) },
	}
	addJSON(cmd, &o.json, "a list of {queue, messages} with every subscription that the user may look at")
	return cmd
}

func runDeadList(cmd *cobra.Command, o deadListOptions) error {
	return withBroker(cmd, func(conn *wire.Connection, _ host.Config) error {
		counts, err := broker.CountDead(conn, pizzeria.Known())
		if err != nil {
			return err
		}
		if o.json {
			return printJSON(cmd, counts)
		}
		printDeadCounts(cmd, counts)
		return nil
	})
}

func printDeadCounts(cmd *cobra.Command, counts []broker.DeadCount) {
	none := true
	for _, count := range counts {
		if count.Messages > 0 {
			none = false
			cmd.Printf("%-40s %d\n", count.Queue, count.Messages)
		}
	}
	if none {
		cmd.Printf("none of the %d subscriptions has dead letters\n", len(counts))
	}
}
