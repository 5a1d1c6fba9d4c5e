package cli

import (
	"errors"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/services/topology"
)

type topologyResendOptions struct{ queue string }

func newTopologyResendCommand() *cobra.Command {
	var o topologyResendOptions
	cmd := &cobra.Command{
		Use:   "resend",
		Short: "Ask the services to publish their recent events again",
		Long: `Ask the services at ORDER_URL, KITCHEN_URL, ... to publish again what they published within the last hour
(TRACERIA_OUTBOX_RETENTION). The events keep their ids, so a subscriber that has one changes nothing.

traceria topology apply --watch does this when a queue was deleted. By hand it repairs what a queue lost while no watch ran.
The exit code is 1 if a service does not answer.`,
		Example: "  traceria topology resend --queue kitchen.order-confirmed",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runTopologyResend(cmd, o) },
	}
	cmd.Flags().StringVar(&o.queue, "queue", "", "only the events of this subscription, such as kitchen.order-confirmed")
	return cmd
}

func runTopologyResend(cmd *cobra.Command, o topologyResendOptions) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	wanted, err := wantedEvents(config, o.queue)
	if err != nil {
		return err
	}
	return pizzeria.WithResender(cmd.Context(), cmd.ErrOrStderr(), config, func(r *pizzeria.Resender) error {
		return askProducers(cmd, r, wanted)
	})
}

// wantedEvents returns the routing keys of one queue, or of all queues if it is empty, by producer.
func wantedEvents(config host.Config, queue string) (map[string][]string, error) {
	if queue == "" {
		return pizzeria.Configured(config).Wanted(), nil
	}
	s, err := findSubscription(queue)
	if err != nil {
		return nil, err
	}
	return topology.Topology{Subscriptions: []topology.Subscription{s}}.Wanted(), nil
}

// askProducers asks each producer once and returns all errors.
func askProducers(cmd *cobra.Command, r *pizzeria.Resender, wanted map[string][]string) error {
	var failed []error
	for _, producer := range slices.Sorted(maps.Keys(wanted)) {
		events, err := r.Ask(cmd.Context(), producer, wanted[producer], 0)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		cmd.Printf("%s publishes %s again\n", producer, host.Plural(events, "event", "events"))
	}
	return errors.Join(failed...)
}
