package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"traceria/services/broker/wire"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/keeper"
	"traceria/services/topology"
)

func newTopologyCommand() *cobra.Command {
	topology := &cobra.Command{
		Use:     "topology",
		Short:   "Show or make what the broker must have",
		GroupID: groupTools,
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	topology.AddCommand(newTopologyShowCommand(), newTopologyApplyCommand(), newTopologyResendCommand(),
		newTopologyCredentialsCommand())
	return topology
}

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
			topology := byDefault()
			if !defaults {
				config, err := configuration(services()...)
				if err != nil {
					return err
				}
				topology = configured(config)
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

func newTopologyApplyCommand() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Declare exchanges, queues and bindings at AMQP_URL; doing it again changes nothing",
		Args:  asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := configuration()
			if err != nil {
				return err
			}
			if unserved := unserved(config, known().Subscriptions); unserved != nil {
				cmd.PrintErrf("warning: %v\n", unserved)
			}
			if watch {
				return withResender(cmd, config, func(r *resender) error {
					say := func(line string) { cmd.Println(line) }
					return watchFollowing(cmd.Context(), cmd, config, say, r.ask)
				})
			}
			ctx, done, err := withSwitches(cmd.Context(), cmd, config)
			if err != nil {
				return err
			}
			defer done()
			return applyTopology(cmd, config, follow(ctx, config).now())
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false,
		"go on until SIGTERM: wait for a broker that is away, look every second, declare what was deleted, and ask the services\nto publish again what was lost with it; bindings are looked at through RABBITMQ_MANAGEMENT_URL")
	return cmd
}

// configured is the topology of the whole system with the back-off that is configured, which other queues belong to.
func configured(config host.Config) topology.Topology {
	return topology.Topology{Subscriptions: config.BackOff.Of(known().Subscriptions)}
}

// watchFollowing keeps the topology standing, as the experiments choose it, and carries on what is in queues that are too
// short, until ctx ends.
func watchFollowing(ctx context.Context, cmd *cobra.Command, config host.Config, say func(string), ask keeper.Ask) error {
	ctx, done, err := withSwitches(ctx, cmd, config)
	if err != nil {
		return err
	}
	defer done()
	follower := follow(ctx, config)
	var carrying sync.WaitGroup
	carrying.Go(func() { follower.carry(say) })
	defer carrying.Wait()
	keeper.Run(ctx, keeper.Config{
		Topology: follower.now, URL: config.AMQPURL, ManagementURL: config.ManagementURL, Say: say, Ask: ask,
	})
	return nil
}

// withSwitches is ctx with the switches in it, which say what the queues are bound to.
func withSwitches(ctx context.Context, cmd *cobra.Command, config host.Config) (context.Context, func(), error) {
	log := zerolog.New(cmd.ErrOrStderr()).With().Timestamp().Str("service", "topology").Logger()
	return host.WithSwitches(ctx, failure.Options{Service: "topology", File: config.Flags, Log: log})
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
		wire.Address(config.AMQPURL), len(known().Subscriptions))
	return nil
}

func newTopologyCredentialsCommand() *cobra.Command {
	var guest bool
	cmd := &cobra.Command{
		Use:   "credentials DIR",
		Short: "Make a password for each service, and the definitions file with their hashes",
		Long: `Make a random password for each service and for the operator, who may do everything, and a RabbitMQ definitions
file (load_definitions) in which each service may publish its own events and read its own queues, and nothing else:

  DIR/{service}/password         for AMQP_PASSWORD_FILE, with AMQP_URL=amqp://{service}@host:port/
  DIR/operator/password          the same, with amqp://operator@host:port/, and for RabbitMQ's pages
  DIR/broker/definitions.json    for the broker; it holds hashes only

Passwords that are there are kept: doing it again changes nothing. To change one, remove its file, do it again, and
restart the broker and the service.`,
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := configuration()
			if err != nil {
				return err
			}
			made, err := configured(config).WriteCredentials(args[0], guest)
			if err != nil {
				return err
			}
			if len(made) == 0 {
				cmd.Printf("%s: every user has a password already\n", args[0])
				return nil
			}
			cmd.Printf("%s: made passwords for %s\n", args[0], strings.Join(made, ", "))
			return nil
		},
	}
	cmd.Flags().BoolVar(&guest, "guest", false,
		"let guest in, with the password guest: for a broker that listens on loopback only")
	return cmd
}
