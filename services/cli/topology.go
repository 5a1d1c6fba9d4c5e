package cli

import (
	"github.com/spf13/cobra"
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
