package journey

import (
	"slices"
	"strings"
	"time"

	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// Routing says where the topology leads a message. takes are the routing keys that services take at the moment, by service:
// experiments change them while the system runs. A service that is not in it takes what the topology says.
func Routing(t topology.Topology, takes map[string][]string) tracetree.Routing {
	return tracetree.Routing{Same: eventID, Routes: func(exchange, key string) (routes []tracetree.Route) {
		for _, s := range t.Subscriptions {
			switch {
			case exchange == s.DeadExchange() && key == s.Queue():
				routes = append(routes, tracetree.Route{Queue: s.Queue(), Dead: true})
			case exchange == s.RetryExchange() && key == s.Queue(): // a redrive
				routes = append(routes, tracetree.Route{Queue: s.Queue()})
			case exchange == s.Event.Exchange && slices.Contains(taken(s, takes), key):
				routes = append(routes, tracetree.Route{Queue: s.Queue()})
			}
		}
		return routes
	}}
}

// taken are the routing keys that lead to the subscription's queue.
func taken(s topology.Subscription, takes map[string][]string) (keys []string) {
	now, said := takes[s.Subscriber]
	for _, t := range event.Catalogue {
		if t.Name != s.Event.Name || t.Domain != s.Event.Domain {
			continue
		}
		if said && slices.Contains(now, t.RoutingKey()) || !said && s.Takes(t) {
			keys = append(keys, t.RoutingKey())
		}
	}
	return keys
}

// eventID is a message id without the version: the forms of OrderConfirmed are one event for their consumer.
func eventID(messageID string) string {
	if at := strings.LastIndex(messageID, ".v"); at > 0 {
		return messageID[:at]
	}
	return messageID
}

// eventName returns "OrderConfirmed v2" for the routing key of a known event, else the routing key.
func eventName(routingKey string) string {
	for _, t := range event.Catalogue {
		if t.RoutingKey() == routingKey {
			return t.String()
		}
	}
	return routingKey
}

// delaysIn returns the back-off of each queue.
func delaysIn(t topology.Topology) func(queue string) []time.Duration {
	return func(queue string) []time.Duration {
		for _, s := range t.Subscriptions {
			if s.Queue() == queue {
				return s.Delays()
			}
		}
		return nil
	}
}
