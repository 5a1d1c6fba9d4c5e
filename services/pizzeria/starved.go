package pizzeria

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"traceria/services/host"
)

// starved reports events that a service takes only in versions that their publisher does not publish. It asks both services.
func starved(ctx context.Context, config host.Config, service string) []string {
	taken := map[string][]string{}
	for _, key := range eventsOf(ctx, config, service).Takes {
		taken[withoutVersion(key)] = append(taken[withoutVersion(key)], key)
	}
	published := map[string][]string{}
	var remarks []string
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		publisher, _, _ := strings.Cut(name, ".")
		if _, asked := published[publisher]; !asked {
			published[publisher] = eventsOf(ctx, config, publisher).Publishes
		}
		offers := slices.DeleteFunc(slices.Clone(published[publisher]), func(key string) bool { return withoutVersion(key) != name })
		if len(published[publisher]) > 0 && !slices.ContainsFunc(offers, func(key string) bool { return slices.Contains(taken[name], key) }) {
			remarks = append(remarks, fmt.Sprintf("it takes %s, and %s publishes %s: it never sees one (EVENT_VERSIONS, EVENT_STYLE, %s_ORDER_CONFIRMED)",
				strings.Join(taken[name], ", "), publisher, strings.Join(offers, ", "), strings.ToUpper(service)))
		}
	}
	return remarks
}

func withoutVersion(routingKey string) string {
	return routingKey[:max(0, strings.LastIndex(routingKey, "."))]
}

// eventsOf asks a service which events it publishes and takes. It returns nothing for a service that is not ready: the health
// of that service says why.
func eventsOf(ctx context.Context, config host.Config, service string) host.Events {
	if now := readiness(ctx, config, service); now.Events != nil {
		return *now.Events
	}
	return host.Events{}
}
