package main

import (
	"context"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/telemetry"
)

func newServiceCommand(service host.Service) *cobra.Command {
	return &cobra.Command{
		Use:     service.Name,
		Short:   "Run the " + service.Name + " service: it " + service.Title,
		GroupID: groupServices,
		Args:    asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := configuration(service)
			if err != nil {
				return err
			}
			if unserved := unserved(config, service.Describe(host.NewEnv(nil)).Subscriptions()); unserved != nil {
				cmd.PrintErrf("warning: if the order service is configured as this process is: %v\n", unserved)
			}
			return host.Run(cmd.Context(), service, host.Options{
				Config: config, Known: known(), Telemetry: telemetry.Config{Version: buildVersion()},
			})
		},
	}
}

func newAllCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "all",
		Short:   "Run every service in this process, each under its own name in Jaeger",
		GroupID: groupServices,
		Args:    asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := configuration(everything()...)
			if err != nil {
				return err
			}
			if err := unserved(config, known().Subscriptions); err != nil {
				return err
			}
			if config.HTTPAddr != "" {
				return usagef("HTTP_ADDR is the address of one service: unset it. `traceria all` listens on loopback, each service at the port of its URL (CONSOLE_URL, ORDER_URL, …; 8080 to 8085)")
			}
			group, ctx := errgroup.WithContext(cmd.Context())
			for _, service := range everything() {
				group.Go(func() error {
					return host.Run(ctx, service, host.Options{
						Config: config, Known: known(),
						Telemetry: telemetry.Config{Version: buildVersion(), Shared: true},
					})
				})
			}
			group.Go(func() error { return followSwitches(ctx, cmd, config) })
			return group.Wait()
		},
	}
}

// followSwitches binds the queues to the versions that the experiments choose, where no process topology does: everything
// is one user of the broker here.
func followSwitches(ctx context.Context, cmd *cobra.Command, config host.Config) error {
	ctx, done, err := withSwitches(ctx, cmd, config)
	if err != nil {
		return err
	}
	defer done()
	follower := follow(ctx, config)
	var carrying sync.WaitGroup
	carrying.Go(func() { follower.carry(func(string) {}) })
	defer carrying.Wait()
	broker.WatchChanging(ctx, follower.now, config.AMQPURL, config.ManagementURL, func(string) {}, nil)
	return nil
}
