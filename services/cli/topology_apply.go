package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/keeper"
	"traceria/services/pizzeria"
	"traceria/services/topology"
)

func newTopologyApplyCommand() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Declare exchanges, queues and bindings at AMQP_URL; doing it again changes nothing",
		Args:  asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := pizzeria.Configuration()
			if err != nil {
				return err
			}
			if unserved := pizzeria.Unserved(config, pizzeria.Known().Subscriptions); unserved != nil {
				cmd.PrintErrf("warning: %v\n", unserved)
			}
			if watch {
				return pizzeria.WithResender(cmd.Context(), cmd.ErrOrStderr(), config, func(r *pizzeria.Resender) error {
					say := func(line string) { cmd.Println(line) }
					return pizzeria.Keep(cmd.Context(), cmd.ErrOrStderr(), config, say, r.Ask)
				})
			}
			ctx, done, err := pizzeria.WithSwitches(cmd.Context(), cmd.ErrOrStderr(), config)
			if err != nil {
				return err
			}
			defer done()
			return applyTopology(cmd, config, pizzeria.Follow(ctx, config).Now())
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false,
		"go on until SIGTERM: wait for a broker that is away, look every second, declare what was deleted, and ask the services\nto publish again what was lost with it; bindings are looked at through RABBITMQ_MANAGEMENT_URL")
	return cmd
}

func applyTopology(cmd *cobra.Command, config host.Config, wanted topology.Topology) error {
	conn, err := wire.Dial(cmd.Context(), config.AMQPURL, "traceria topology apply")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := keeper.Apply(conn, wanted); err != nil {
		return fmt.Errorf("apply the topology to %s: %w", wire.Address(config.AMQPURL), err)
	}
	cmd.Printf("RabbitMQ at %s has %d subscriptions, each with its queue and dead letters\n",
		wire.Address(config.AMQPURL), len(pizzeria.Known().Subscriptions))
	return nil
}
