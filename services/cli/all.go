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
		Long: `Run every service in this process. Each listens on loopback at the port of its URL (CONSOLE_URL, ORDER_URL, ...;
8080 to 8085) and has its own name in Jaeger. The process also declares and restores exchanges, queues and bindings.`,
		Example: "  AMQP_URL=amqp://guest:guest@127.0.0.1:5672/ traceria all",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runAll(cmd) },
	}
}

func runAll(cmd *cobra.Command) error {
	config, err := pizzeria.Configuration(pizzeria.All()...)
	if err != nil {
		return err
	}
	if err := pizzeria.Unserved(config, pizzeria.Known().Subscriptions); err != nil {
		return err
	}
	if config.HTTPAddr != "" {
		return usagef("HTTP_ADDR=%s: it is the address of one service, and `traceria all` runs every service. Unset it, and use CONSOLE_URL, ORDER_URL, … to move a service", config.HTTPAddr)
	}
	collectLessOften()
	group, ctx := errgroup.WithContext(cmd.Context())
	for _, service := range pizzeria.All() {
		group.Go(func() error {
			return host.Run(ctx, service, host.Options{
				Config: config, Known: pizzeria.Known(), Telemetry: telemetry.Config{Version: pizzeria.Version(), Shared: true},
			})
		})
	}
	group.Go(func() error { // no process topology runs beside this one
		return pizzeria.Keep(ctx, cmd.ErrOrStderr(), config, func(string) {}, nil)
	})
	return group.Wait()
}
