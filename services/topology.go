package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"traceria/services/broker"
)

func newTopologyCommand() *cobra.Command {
	topology := &cobra.Command{
		Use:     "topology",
		Short:   "Show or make what the broker must have",
		GroupID: groupTools,
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	topology.AddCommand(&cobra.Command{
		Use:   "show",
		Short: "Print it as a RabbitMQ definitions file",
		Long: `Print users, exchanges, queues and bindings as a RabbitMQ definitions file (load_definitions).
It is made from the subscriptions in the code; services/broker/definitions.json is this text.`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := known().Definitions().JSON()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}, &cobra.Command{
		Use:   "apply",
		Short: "Declare exchanges, queues and bindings at AMQP_URL; doing it again changes nothing",
		Args:  asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := configuration()
			if err != nil {
				return err
			}
			conn, err := broker.Dial(cmd.Context(), config.AMQPURL, "traceria topology apply")
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close() }()
			if err := known().Apply(conn); err != nil {
				return fmt.Errorf("apply the topology to %s: %w", broker.Address(config.AMQPURL), err)
			}
			cmd.Printf("RabbitMQ at %s has %d subscriptions, each with its queue and dead letters\n",
				broker.Address(config.AMQPURL), len(known().Subscriptions))
			return nil
		},
	})
	return topology
}
