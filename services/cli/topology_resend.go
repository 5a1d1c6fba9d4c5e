package cli

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
	"traceria/services/topology"
)

func newTopologyResendCommand() *cobra.Command {
	var queue string
	cmd := &cobra.Command{
		Use:   "resend",
		Short: "Ask the services to publish again what they published, as far as they still keep it",
		Long: `Ask the services at ORDER_URL, KITCHEN_URL, … to publish again what they published within the last hour
(TRACERIA_OUTBOX_RETENTION), with the same ids: whoever has an event already changes nothing. It is what traceria topology
apply --watch does by itself when a queue was deleted; by hand it repairs what a queue lost while nobody watched.
The exit code is 1 when a service does not answer.`,
		Example: "  traceria topology resend --queue kitchen.order-confirmed",
		Args:    asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := pizzeria.Configuration()
			if err != nil {
				return err
			}
			wanted, err := wantedBy(pizzeria.Configured(config), queue)
			if err != nil {
				return err
			}
			return pizzeria.WithResender(cmd.Context(), cmd.ErrOrStderr(), config, func(r *pizzeria.Resender) error { return askAll(cmd, r, wanted) })
		},
	}
	cmd.Flags().StringVar(&queue, "queue", "", "only the events of this subscription, such as kitchen.order-confirmed")
	return cmd
}

// wantedBy are the routing keys of one queue, or of all when it is empty, by producer.
func wantedBy(known topology.Topology, queue string) (map[string][]string, error) {
	if queue == "" {
		return known.Wanted(), nil
	}
	var names []string
	for _, s := range known.Subscriptions {
		if names = append(names, s.Queue()); s.Queue() == queue {
			return topology.Topology{Subscriptions: []topology.Subscription{s}}.Wanted(), nil
		}
	}
	return nil, usagef("there is no queue %q; there are %s", queue, strings.Join(names, ", "))
}

// askAll asks each producer once.
func askAll(cmd *cobra.Command, r *pizzeria.Resender, wanted map[string][]string) error {
	var failed []error
	for _, producer := range slices.Sorted(maps.Keys(wanted)) {
		events, err := r.Ask(cmd.Context(), producer, wanted[producer], 0)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		cmd.Printf("%s publishes %d events again\n", producer, events)
	}
	return errors.Join(failed...)
}
