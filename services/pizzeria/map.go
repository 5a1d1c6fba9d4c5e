package pizzeria

import (
	"cmp"
	"slices"
	"strings"

	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// Way is an event on its way into a queue.
type Way struct {
	// Event is the routing key: order.order-confirmed.v2.
	Event string `json:"event"`
	From  string `json:"from"`
	// Queue is the subscription, or "" if no consumer has handled the event.
	Queue string `json:"queue"`
}

// SeenMap is a map beside the contracts.
type SeenMap struct {
	tracetree.Map
	// NotSeen is declared and not on the map.
	NotSeen []Way `json:"declaredNotSeen"`
	// NotDeclared is on the map and not declared. Dead letters and retries are declared.
	NotDeclared []Way `json:"seenNotDeclared"`
}

// Compare compares what was seen with what the topology declares: each version of an event that a subscription takes.
func Compare(m tracetree.Map, t topology.Topology) SeenMap {
	found := SeenMap{Map: m, NotSeen: []Way{}, NotDeclared: []Way{}}
	declared := ways(t)
	seen := map[Way]bool{}
	for _, e := range m.Edges {
		if e.Exchange == "" || strings.HasSuffix(e.Exchange, ".dead") || strings.HasSuffix(e.Exchange, ".retry") {
			continue // a request, a dead letter, or a message that is back from a retry
		}
		way := Way{Event: e.What, From: e.From, Queue: e.Queue}
		if !declared[way] && !seen[way] {
			found.NotDeclared = append(found.NotDeclared, way)
		}
		seen[way] = true
	}
	for way := range declared {
		if !seen[way] {
			found.NotSeen = append(found.NotSeen, way)
		}
	}
	slices.SortFunc(found.NotSeen, func(a, b Way) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.Event, b.Event), strings.Compare(a.Queue, b.Queue))
	})
	return found
}

func ways(t topology.Topology) map[Way]bool {
	declared := map[Way]bool{}
	for _, s := range t.Subscriptions {
		for _, version := range s.Bound() {
			declared[Way{Event: version.RoutingKey(), From: version.Domain, Queue: s.Queue()}] = true
		}
	}
	return declared
}
