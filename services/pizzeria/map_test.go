package pizzeria

import (
	"slices"
	"testing"

	"traceria/telemetry/tracetree"
)

func TestAMapIsComparedWithTheContracts(t *testing.T) {
	t.Parallel()
	seen := tracetree.Map{Edges: []tracetree.Edge{
		{From: "order", To: "kitchen", What: "order.order-confirmed.v2", Exchange: "events", Queue: "kitchen.order-confirmed"},
		{From: "order", To: "kitchen", What: "order.order-confirmed.v9", Exchange: "events", Queue: "kitchen.order-confirmed"},
		{From: "order", To: "kitchen", What: "order.order-confirmed.v9", Exchange: "events", Queue: "kitchen.order-confirmed"},
		{From: "kitchen", What: "kitchen.order-confirmed", Exchange: "kitchen.dead"},
		{From: "client", To: "order", What: "POST /order"},
	}}
	found := Compare(seen, Default())
	want := []Way{{Event: "order.order-confirmed.v9", From: "order", Queue: "kitchen.order-confirmed"}}
	if !slices.Equal(found.NotDeclared, want) {
		t.Errorf("not declared: %+v, want %+v", found.NotDeclared, want)
	}
	seenWay := Way{Event: "order.order-confirmed.v2", From: "order", Queue: "kitchen.order-confirmed"}
	missing := Way{Event: "order.order-created.v1", From: "order", Queue: "order.order-created"}
	if slices.Contains(found.NotSeen, seenWay) || !slices.Contains(found.NotSeen, missing) {
		t.Errorf("not seen: %+v", found.NotSeen)
	}
}
