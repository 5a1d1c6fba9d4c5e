package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/keeper"
	"traceria/services/pizzeria"
)

type topologyApplyOptions struct{ watch bool }

func newTopologyApplyCommand() *cobra.Command {
	var o topologyApplyOptions
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Declare exchanges, queues and bindings at AMQP_URL",
		Long: `Declare exchanges, queues and bindings at AMQP_URL. What exists stays as it is.

With --watch the command runs until SIGTERM. It waits for a broker that is away, looks once per second for what is missing
(for bindings through RABBITMQ_MANAGEMENT_URL), declares it again, and asks the services to publish again the events that
were lost with it.`,
		Example: "  traceria topology apply\n  traceria topology apply --watch",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runTopologyApply(cmd, o) },
	}
	cmd.Flags().BoolVar(&o.watch, "watch", false, "restore what is deleted, until SIGTERM")
	return cmd
}

func runTopologyApply(cmd *cobra.Command, o topologyApplyOptions) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	if unserved := pizzeria.Unserved(config, pizzeria.Known().Subscriptions); unserved != nil {
		cmd.PrintErrf("warning: %v\n", unserved)
	}
	if o.watch {
		return watchTopology(cmd, config)
	}
	return applyTopology(cmd, config)
}

func watchTopology(cmd *cobra.Command, config host.Config) error {
	return pizzeria.WithResender(cmd.Context(), cmd.ErrOrStderr(), config, func(r *pizzeria.Resender) error {
		say := func(line string) { cmd.Println(line) }
		return pizzeria.Keep(cmd.Context(), cmd.ErrOrStderr(), config, say, r.Ask)
	})
}

func applyTopology(cmd *cobra.Command, config host.Config) error {
	ctx, done, err := pizzeria.WithSwitches(cmd.Context(), cmd.ErrOrStderr(), config)
	if err != nil {
		return err
	}
	defer done()
	wanted := pizzeria.Follow(ctx, config).Now()
	return withBroker(cmd, func(conn *wire.Connection, config host.Config) error {
		if err := keeper.Apply(conn, wanted); err != nil {
			return fmt.Errorf("apply the topology to %s: %w", wire.Address(config.AMQPURL), err)
		}
		cmd.Printf("RabbitMQ at %s has %d subscriptions, each with a queue, retry queues and a dead queue\n",
			wire.Address(config.AMQPURL), len(wanted.Subscriptions))
		return nil
	})
}
