package cli

import (
	"strings"

	"traceria/services/pizzeria"
	"traceria/services/topology"
)

// findSubscription finds a subscription by the name of its queue or of its dead queue.
func findSubscription(name string) (topology.Subscription, error) {
	s, all, found := pizzeria.FindSubscription(pizzeria.Known(), name)
	if !found {
		return s, usagef("there is no subscription %q; there are %s", name, strings.Join(all, ", "))
	}
	return s, nil
}

// checkLimit checks the value of --limit.
func checkLimit(limit, most int) error {
	if limit < 1 || limit > most {
		return usagef("--limit %d: want 1 to %d", limit, most)
	}
	return nil
}
