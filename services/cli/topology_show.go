package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
	"traceria/services/topology"
)

type topologyShowOptions struct{ defaults bool }

func newTopologyShowCommand() *cobra.Command {
	var o topologyShowOptions
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the topology as a RabbitMQ definitions file",
		Long: `Print users, permissions, exchanges, queues and bindings as a RabbitMQ definitions file (load_definitions). It is made
from the subscriptions in the code and from the configuration (EVENT_STYLE, LOYALTY_ORDER_CONFIRMED,
TRACERIA_RETRY_BACKOFF, ...). The users of the services have no password in it, so they cannot log in: see
traceria topology credentials.`,
		Example: "  traceria topology show > definitions.json",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runTopologyShow(cmd, o) },
	}
	cmd.Flags().BoolVar(&o.defaults, "defaults", false, "ignore the configuration: print services/topology/definitions.json")
	return cmd
}

func runTopologyShow(cmd *cobra.Command, o topologyShowOptions) error {
	shown, err := shownTopology(o)
	if err != nil {
		return err
	}
	text, err := shown.Definitions().JSON()
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(text)
	return err
}

func shownTopology(o topologyShowOptions) (topology.Topology, error) {
	if o.defaults {
		return pizzeria.Default(), nil
	}
	config, err := pizzeria.Configuration(pizzeria.Services()...)
	if err != nil {
		return topology.Topology{}, err
	}
	return pizzeria.Configured(config), nil
}
