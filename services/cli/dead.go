package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"traceria/services/broker/wire"
	"traceria/services/topology"
)

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

// explainMissing says how to get the dead queue if err says that it is missing.
func explainMissing(s topology.Subscription, err error) error {
	if wire.IsMissing(err) {
		return fmt.Errorf("RabbitMQ has no queue %s: run `traceria topology apply`", s.DeadQueue())
	}
	return err
}
