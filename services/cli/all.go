package cli

import (
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/telemetry"
)

func newAllCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "all",
		Short:   "Run every service in this process, each under its own name in Jaeger",
		GroupID: groupServices,
		Args:    asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := pizzeria.Configuration(pizzeria.All()...)
			if err != nil {
				return err
			}
			if err := pizzeria.Unserved(config, pizzeria.Known().Subscriptions); err != nil {
				return err
			}
			if config.HTTPAddr != "" {
				return usagef("HTTP_ADDR is the address of one service: unset it. `traceria all` listens on loopback, each service at the port of its URL (CONSOLE_URL, ORDER_URL, …; 8080 to 8085)")
			}
			group, ctx := errgroup.WithContext(cmd.Context())
			for _, service := range pizzeria.All() {
				group.Go(func() error {
					return host.Run(ctx, service, host.Options{
						Config: config, Known: pizzeria.Known(),
						Telemetry: telemetry.Config{Version: pizzeria.Version(), Shared: true},
					})
				})
			}
			group.Go(func() error { // where everything is one user of the broker, no process topology does
				return pizzeria.Keep(ctx, cmd.ErrOrStderr(), config, func(string) {}, nil)
			})
			return group.Wait()
		},
	}
}
