package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/telemetry"
)

// newServiceCommand runs one service: traceria kitchen.
func newServiceCommand(service host.Service) *cobra.Command {
	return &cobra.Command{
		Use:     service.Name,
		Short:   "Run the " + service.Name + " service: it " + service.Title,
		GroupID: groupServices,
		Long: "Run the " + service.Name + " service: it " + service.Title + `.

It listens at HTTP_ADDR, or on loopback at the port of its URL. It starts without RabbitMQ and Jaeger and waits for them.
The README of services/ lists its configuration.`,
		Example: "  HTTP_ADDR=127.0.0.1:9000 traceria " + service.Name,
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runService(cmd, service) },
	}
}

func runService(cmd *cobra.Command, service host.Service) error {
	config, err := pizzeria.Configuration(service)
	if err != nil {
		return err
	}
	if unserved := pizzeria.Unserved(config, service.Topology(host.NewEnv(nil)).Subscriptions); unserved != nil {
		cmd.PrintErrf("warning: this is wrong if the order service has the same configuration: %v\n", unserved)
	}
	collectLessOften()
	return host.Run(cmd.Context(), service, host.Options{
		Config: config, Known: pizzeria.Known(), Telemetry: telemetry.Config{Version: pizzeria.Version()},
	})
}
