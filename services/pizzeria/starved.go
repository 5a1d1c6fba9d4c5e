package pizzeria

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"traceria/services/host"
)

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
