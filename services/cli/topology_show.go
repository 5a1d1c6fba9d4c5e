package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
)

func newTopologyShowCommand() *cobra.Command {
	var defaults bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print it as a RabbitMQ definitions file",
		Long: `Print users, permissions, exchanges, queues and bindings as a RabbitMQ definitions file (load_definitions).
It is made from the subscriptions in the code and the configuration (EVENT_STYLE, LOYALTY_ORDER_CONFIRMED,
TRACERIA_RETRY_BACKOFF, …). The services' users have no password in it, with which nobody can log in as one of them; see
traceria topology credentials.`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			topology := pizzeria.Default()
			if !defaults {
				config, err := pizzeria.Configuration(pizzeria.Services()...)
				if err != nil {
					return err
				}
				topology = pizzeria.Configured(config)
			}
			text, err := topology.Definitions().JSON()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&defaults, "defaults", false, "whatever the configuration is: as services/topology/definitions.json, which is this text")
	return cmd
}
