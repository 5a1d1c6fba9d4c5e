package pizzeria

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/topology"
)

// Unserved says which subscriptions take only versions of OrderConfirmed that nobody publishes with this configuration.
// No flag of AMQP reports that: the event is routed to the others, and a service waits for ever. One process of a service
// cannot know how another is configured; whoever reads the configuration of all of them can, and [starved] asks them.
func Unserved(config host.Config, subscriptions []topology.Subscription) error {
	published := config.Choices(context.Background()).Confirmed()
	var wrong []string
	for _, s := range subscriptions {
		if s.Event.Name != event.OrderConfirmedV1.Name || slices.ContainsFunc(published, s.Takes) {
			continue
		}
		var takes []string
		for _, t := range event.Catalogue {
			if s.Takes(t) {
				takes = append(takes, t.Version)
			}
		}
		wrong = append(wrong, fmt.Sprintf("%s would never see an order: it takes OrderConfirmed %s (%s_ORDER_CONFIRMED), and with EVENT_VERSIONS and EVENT_STYLE as they are only %s is published",
			s.Subscriber, strings.Join(takes, ", "), strings.ToUpper(s.Subscriber), versions(published)))
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%w:\n%s", host.ErrConfiguration, strings.Join(wrong, "\n"))
}

func versions(types []event.Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Version
	}
	return strings.Join(names, ", ")
}
