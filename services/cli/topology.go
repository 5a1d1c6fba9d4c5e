package cli

import (
	"github.com/spf13/cobra"
)

func newTopologyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "topology",
		Short:   "Show, declare and restore what the broker must have",
		GroupID: groupTools,
		Long:    "The topology is what the broker must have: exchanges, queues, bindings, users and permissions.",
		Example: "  traceria topology show\n  traceria topology apply --watch",
		Args:    asUsage(cobra.NoArgs),
		RunE:    showHelp,
	}
	cmd.AddCommand(newTopologyShowCommand(), newTopologyApplyCommand(), newTopologyResendCommand(), newTopologyCredentialsCommand())
	return cmd
}
