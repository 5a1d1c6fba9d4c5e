package scenarios

import (
	"testing"

	"traceria/services/system/systemtest"
)

func open(t *testing.T) *systemtest.House {
	t.Helper()
	return systemtest.StartWorld(t).OpenHouse(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		p.WatchTopology(t)
		p.More["kitchen"] = []string{"KITCHEN_COOKING_TIME=150ms"}
		p.More["delivery"] = []string{"DELIVERY_DRIVING_TIME=50ms"}
	})
}
