package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
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

func newPlayCommand() *cobra.Command {
	var json bool
	cmd := &cobra.Command{
		Use:     "play",
		Short:   "A first look: one order through every service in this process, and its trace tree",
		GroupID: groupTools,
		Long: `Run every service in this process for a few seconds, with spans kept in memory, place one order, and print
its trace tree. It needs RabbitMQ at AMQP_URL and nothing else: no Collector, no Jaeger. It keeps out of the way
of a system that runs on the same broker.`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return play(cmd, json) },
	}
	cmd.Flags().BoolVar(&json, "json", false, "print the tree as one JSON document")
	return cmd
}

const playTime = time.Minute

func play(cmd *cobra.Command, json bool) (err error) {
	config, err := pizzeria.Configuration(pizzeria.Services()...)
	if err != nil {
		return err
	}
	if err := pizzeria.Unserved(config, pizzeria.Known().Subscriptions); err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "traceria-play-")
	if err != nil {
		return fmt.Errorf("make a folder for the databases: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	config.HTTPAddr, config.DatabaseURL, config.LogLevel = "127.0.0.1:0", "sqlite:"+data+"/{service}.db", zerolog.ErrorLevel
	config.Flags = failure.File{} // what is switched on for the running system is none of this order's

	ctx, cancel := context.WithTimeoutCause(cmd.Context(), playTime, fmt.Errorf("it took longer than %s", playTime))
	defer cancel()
	cmd.PrintErrf("RabbitMQ at %s: starting the services in this process\n", wire.Address(config.AMQPURL))
	var back func()
	config.AMQPURL, back, err = playground.Borrow(ctx, config.AMQPURL, config.ManagementURL, pizzeria.Known(),
		func(err error) { cmd.PrintErrln("traceria play:", err) })
	if err != nil {
		return fmt.Errorf("%w\nplay needs RabbitMQ at AMQP_URL; make up starts one", err)
	}
	defer back()

	memory := &telemetry.Memory{}
	one, err := playOneOrder(ctx, cmd, config, memory)
	if err != nil {
		return err
	}
	tree := tracetree.Build(memory.Conversation(one.OrderID))
	if json {
		return printJSON(cmd, tree)
	}
	if err := printTree(cmd.OutOrStdout(), tree, false); err != nil {
		return err
	}
	cmd.PrintErrln("\nNext: make up starts the whole system; traceria buy --wait and traceria trace ORDER show the same in Jaeger.")
	return nil
}

// playOneOrder runs the services for as long as one order takes.
func playOneOrder(ctx context.Context, cmd *cobra.Command, config host.Config, memory *telemetry.Memory) (orderclient.Order, error) {
	running, stop := context.WithCancel(ctx)
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
	one, err := func() (orderclient.Order, error) {
		base, err := addresses.ready(running)
		if err != nil {
			return orderclient.Order{}, err
		}
		client := orderclient.New(base)
		one, err := client.Do(running, http.MethodPost, "/order", nil, orderclient.OneMargherita("customer-1"))
		if err != nil {
			return orderclient.Order{}, err
		}
		cmd.PrintErrf("order %s is placed: waiting until it is delivered\n\n", one.OrderID)
		return client.Await(running, one.OrderID)
	}()
	stop() // stopping drains, so every span of the order has ended after it
	if runErr := group.Wait(); err == nil || (runErr != nil && ctx.Err() == nil) {
		err = errors.Join(err, runErr)
	}
	return one, err
}

// addresses knows where the services listen.
type addresses struct {
	mu    sync.Mutex
	known map[string]string
	all   chan struct{}
}

func newAddresses() *addresses {
	return &addresses{known: map[string]string{}, all: make(chan struct{})}
}

func (a *addresses) listening(service, address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[service] = "http://" + address
	if len(a.known) == len(pizzeria.Services()) {
		close(a.all)
	}
}

// ready waits until every service is ready, and returns the address of the order service.
func (a *addresses) ready(ctx context.Context) (string, error) {
	select {
	case <-a.all:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for name, address := range a.known {
		for {
			_, err := pizzeria.Ready(ctx, address)
			if err == nil {
				break
			}
			select {
			case <-look.C:
			case <-ctx.Done():
				return "", fmt.Errorf("%s: %w: %w", name, context.Cause(ctx), err)
			}
		}
	}
	return a.known["order"], nil
}
