package cli

import (
	"slices"
	"strings"

	"traceria/services/pizzeria"
	"traceria/services/topology"
)

// findSubscription finds a subscription by the name of its queue or of its dead queue.
func findSubscription(name string) (topology.Subscription, error) {
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

// checkLimit checks the value of --limit.
func checkLimit(limit, most int) error {
	if limit < 1 || limit > most {
		return usagef("--limit %d: want 1 to %d", limit, most)
	}
	return nil
}
