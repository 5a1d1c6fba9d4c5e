package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/services/topology"
)

func newDeadCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "dead",
		Short:   "List, show and redrive dead letters",
		GroupID: groupTools,
		Long: `Dead letters are messages that a subscription could not handle: unreadable, refused for good, or with all
attempts used up. They wait in the queue of that name with .dead behind it until somebody decides about them.`,
		Example: "  traceria dead list\n  traceria dead show kitchen.order-confirmed\n  traceria dead redrive kitchen.order-confirmed",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newDeadListCommand(), newDeadShowCommand(), newDeadRedriveCommand())
	return command
}

const (
	maxShown    = 1000
	maxRedriven = 1_000_000
)

// subscription finds a subscription by its queue, or by the queue of its dead letters.
func subscription(name string, limit, most int) (topology.Subscription, error) {
	if limit < 1 || limit > most {
		return topology.Subscription{}, usagef("--limit %d: want 1 to %d", limit, most)
	}
	all := pizzeria.Known().Subscriptions
	i := slices.IndexFunc(all, func(s topology.Subscription) bool { return name == s.Queue() || name == s.DeadQueue() })
	if i < 0 {
		names := make([]string, len(all))
		for j, s := range all {
			names[j] = s.Queue()
		}
		return topology.Subscription{}, usagef("there is no subscription %q; there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}

func withBroker(cmd *cobra.Command, use func(*wire.Connection, host.Config) error) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	interrupted := func(err error) error {
		if err != nil && cmd.Context().Err() != nil {
			return fmt.Errorf("interrupted: %w", err)
		}
		return err
	}
	conn, err := wire.Dial(cmd.Context(), config.AMQPURL, "traceria "+cmd.Name())
	if err != nil {
		return interrupted(err) // the library calls it a timeout
	}
	// A broker that is stuck answers nothing, not even a close; Ctrl-C ends the wait for it.
	closeSoon := func() { _ = conn.CloseDeadline(time.Now().Add(time.Second)) }
	defer closeSoon()
	defer context.AfterFunc(cmd.Context(), closeSoon)()
	return interrupted(use(conn, config))
}

// absent explains a queue that is not there.
func absent(s topology.Subscription, err error) error {
	if wire.IsMissing(err) {
		return fmt.Errorf("RabbitMQ has no queue %s: has the system ever run on this broker? (traceria topology apply)", s.DeadQueue())
	}
	return err
}
