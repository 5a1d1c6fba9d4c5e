package brokertest

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"traceria/services/event"
	"traceria/services/topology"
)

// Definitions reads the definitions file of the system, and derives its topology from the bindings.
func Definitions(t *testing.T, path string) (text []byte, all topology.Topology) {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // of the repository
	if err != nil {
		t.Fatal(err)
	}
	var written topology.Definitions
	if err := json.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	for _, b := range written.Bindings {
		i := slices.IndexFunc(event.Catalogue, func(typ event.Type) bool { return typ.Exchange == b.Source && typ.RoutingKey() == b.RoutingKey })
		if i < 0 {
			continue // of a dead or retry exchange, or a proof
		}
		subscriber, _, _ := strings.Cut(b.Destination, ".")
		all.Subscriptions = append(all.Subscriptions, topology.Subscription{Subscriber: subscriber, Event: event.Catalogue[i]})
	}
	return text, all
}
