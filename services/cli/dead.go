package cli

import "github.com/spf13/cobra"

func newDeadCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "dead",
		Short:   "List, show and redrive dead letters",
		GroupID: groupTools,
		Long: `A dead letter is a message that a subscription gave up: it cannot be read, it can never succeed, or its attempts are
used up. It stays in the queue SUBSCRIPTION.dead until it is redriven or deleted.`,
		Example: "  traceria dead list\n  traceria dead show kitchen.order-confirmed\n  traceria dead redrive kitchen.order-confirmed",
		Args:    asUsage(cobra.NoArgs),
		RunE:    showHelp,
	}
	cmd.AddCommand(newDeadListCommand(), newDeadShowCommand(), newDeadRedriveCommand())
	return cmd
}
