package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"traceria/services/broker/playground"
	"traceria/services/broker/wire"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/keeper"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// playTime bounds the whole command.
const playTime = time.Minute

type playOptions struct{ json bool }

func newPlayCommand() *cobra.Command {
	var o playOptions
	cmd := &cobra.Command{
		Use:     "play",
		Short:   "A first look: one order through every service in this process, and its trace tree",
		GroupID: groupTools,
		Long: `Run every service in this process for a few seconds with spans kept in memory, place one order, and print its trace
tree. It needs RabbitMQ at AMQP_URL, and neither Collector nor Jaeger. It uses a virtual host of its own, so a system that
runs on the same broker is not disturbed.`,
		Example: "  traceria play",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPlay(cmd, o) },
	}
	addJSON(cmd, &o.json, "the tree")
	return cmd
}

func runPlay(cmd *cobra.Command, o playOptions) error {
	config, err := pizzeria.Configuration(pizzeria.Services()...)
	if err != nil {
		return err
	}
	if err := pizzeria.Unserved(config, pizzeria.Known().Subscriptions); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), playTime, fmt.Errorf("it took longer than %s", playTime))
	defer cancel()
	tree, err := playTree(ctx, cmd, config)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(cmd, tree)
	}
	if err := printTree(cmd.OutOrStdout(), tree, false); err != nil {
		return err
	}
	cmd.PrintErrln("\nNext: make up starts the whole system; traceria buy --wait and traceria trace ORDER show the same in Jaeger.")
	return nil
}

// playTree plays one order on databases and queues of its own and returns its trace tree.
func playTree(ctx context.Context, cmd *cobra.Command, config host.Config) (tree *tracetree.Tree, err error) {
	data, err := os.MkdirTemp("", "traceria-play-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the databases: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	config.HTTPAddr, config.DatabaseURL, config.LogLevel = "127.0.0.1:0", "sqlite:"+data+"/{service}.db", zerolog.ErrorLevel
	config.Flags = failure.File{} // the switches of a running system do not count here

	cmd.PrintErrf("RabbitMQ at %s: starting the services in this process\n", wire.Address(config.AMQPURL))
	var back func()
	config.AMQPURL, back, err = playground.Borrow(ctx, config.AMQPURL, config.ManagementURL, pizzeria.Known(),
		func(err error) { cmd.PrintErrln("traceria play:", err) })
	if err != nil {
		return nil, fmt.Errorf("%w\nplay needs RabbitMQ at AMQP_URL; make up starts one", err)
	}
	defer back()
	memory := &telemetry.Memory{}
	order, err := playOrder(ctx, cmd, config, memory)
	if err != nil {
		return nil, err
	}
	return tracetree.Build(memory.Conversation(order.OrderID)), nil
}

// playOrder runs the services until one order is delivered.
func playOrder(ctx context.Context, cmd *cobra.Command, config host.Config, memory *telemetry.Memory) (orderclient.Order, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	group, running := errgroup.WithContext(running)
	group.Go(func() error {
		keeper.Run(running, keeper.Config{Topology: pizzeria.Known, URL: config.AMQPURL, ManagementURL: config.ManagementURL})
		return nil
	})
	addresses := newAddresses()
	for _, service := range pizzeria.Services() {
		group.Go(func() error {
			return host.Run(running, service, host.Options{
				Config: config, Known: pizzeria.Known(), Listening: addresses.listening,
				Telemetry: telemetry.Config{Version: pizzeria.Version(), Shared: true, Memory: memory, LogOutput: os.Stderr},
			})
		})
	}
	order, err := deliverOne(running, cmd, addresses)
	stop()
	// Every span of the order has ended when the services have stopped.
	if runErr := group.Wait(); err == nil || (runErr != nil && ctx.Err() == nil) {
		err = errors.Join(err, runErr)
	}
	return order, err
}

func deliverOne(ctx context.Context, cmd *cobra.Command, addresses *addresses) (orderclient.Order, error) {
	base, err := addresses.ready(ctx)
	if err != nil {
		return orderclient.Order{}, err
	}
	client := orderclient.New(base)
	order, err := client.Do(ctx, http.MethodPost, "/order", nil, orderclient.OneMargherita("customer-1"))
	if err != nil {
		return orderclient.Order{}, err
	}
	cmd.PrintErrf("order %s is placed: waiting until it is delivered\n\n", order.OrderID)
	return client.Await(ctx, order.OrderID)
}
