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

// Unserved returns an error that names the subscriptions that take only versions of OrderConfirmed which this configuration
// does not publish. RabbitMQ does not report it: other queues take the event. Services with another configuration are
// checked by [starved], which asks them.
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
