package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/topology"
)

// unserved says which subscriptions take only versions of OrderConfirmed that nobody publishes with this configuration.
// No flag of AMQP reports that: the event is routed to the others, and a service waits for ever. One process of a service
// cannot know how another is configured; whoever reads the configuration of all of them can, and [starved] asks them.
func unserved(config host.Config, subscriptions []topology.Subscription) error {
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

// starved says which events a service takes in versions that their publisher does not publish, as both say themselves.
func starved(ctx context.Context, config host.Config, service string) []string {
	taken := map[string][]string{}
	for _, key := range eventsOf(ctx, config, service).Takes {
		taken[withoutVersion(key)] = append(taken[withoutVersion(key)], key)
	}
	published := map[string][]string{}
	var said []string
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		publisher, _, _ := strings.Cut(name, ".")
		if _, asked := published[publisher]; !asked {
			published[publisher] = eventsOf(ctx, config, publisher).Publishes
		}
		offers := slices.DeleteFunc(slices.Clone(published[publisher]), func(key string) bool { return withoutVersion(key) != name })
		if len(published[publisher]) > 0 && !slices.ContainsFunc(offers, func(key string) bool { return slices.Contains(taken[name], key) }) {
			said = append(said, fmt.Sprintf("it takes %s, and %s publishes %s: it never sees one (EVENT_VERSIONS, EVENT_STYLE, %s_ORDER_CONFIRMED)",
				strings.Join(taken[name], ", "), publisher, strings.Join(offers, ", "), strings.ToUpper(service)))
		}
	}
	return said
}

func withoutVersion(routingKey string) string {
	return routingKey[:max(0, strings.LastIndex(routingKey, "."))]
}

// eventsOf asks a service what it publishes and takes. One that is away says nothing, and its own line says why.
func eventsOf(ctx context.Context, config host.Config, service string) host.Events {
	if now := readiness(ctx, config, service); now.Events != nil {
		return *now.Events
	}
	return host.Events{}
}

// readiness is what a service says of itself when it is ready, and nothing when it is not or is away.
func readiness(ctx context.Context, config host.Config, service string) (now host.Readiness) {
	code, body, err := get(ctx, config.URLs[service]+"/readyz")
	if err != nil || code != http.StatusOK || json.Unmarshal(body, &now) != nil {
		return host.Readiness{}
	}
	return now
}
