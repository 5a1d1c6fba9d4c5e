package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
)

func newDeadListCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "Say which subscriptions have dead letters, and how many",
		Args:  asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withBroker(cmd, func(conn *wire.Connection, _ host.Config) error {
				counts, err := broker.CountDead(conn, pizzeria.Known())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd, counts)
				}
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
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document: a list of {queue, messages} with every subscription")
	return command
}
