package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/telemetry"
)

func newServiceCommand(service host.Service) *cobra.Command {
	return &cobra.Command{
		Use:     service.Name,
		Short:   "Run the " + service.Name + " service: it " + service.Title,
		GroupID: groupServices,
		Args:    asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := pizzeria.Configuration(service)
			if err != nil {
				return err
			}
			if unserved := pizzeria.Unserved(config, service.Topology(host.NewEnv(nil)).Subscriptions); unserved != nil {
				cmd.PrintErrf("warning: if the order service is configured as this process is: %v\n", unserved)
			}
			return host.Run(cmd.Context(), service, host.Options{
				Config: config, Known: pizzeria.Known(), Telemetry: telemetry.Config{Version: pizzeria.Version()},
			})
		},
	}
}
