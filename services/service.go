package main

import (
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
			if unserved := unserved(config, broker.TopologyOf(service.Describe(host.NewEnv(nil)).Subscriptions()).Subscriptions); unserved != nil {
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
			group.Go(func() error { // where everything is one user of the broker, no process topology does
				return watchFollowing(ctx, cmd, config, func(string) {}, nil)
			})
			return group.Wait()
		},
	}
}
