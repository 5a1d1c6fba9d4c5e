package scenarios

import (
	"context"
	"net/http"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/scenario"
	"traceria/services/system/systemtest"
)

// deaths are the services that die in a scenario.
var deaths = map[string]string{"crash": "kitchen", "dual-write": "order"}

// Every scenario passes, while other customers order. Afterwards every switch is as it was. Those that wait for an alert run in
// the test of the dashboards, where the times of the rules are shorter.
func TestEveryScenarioPasses(t *testing.T) {
	h := open(t)
	flow(t, h)
	for _, s := range scenario.All() {
		if len(s.Alerts()) > 0 {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			if dies := deaths[s.Name]; dies != "" {
				h.Services[dies].ExpectDeath()
			}
			h.RunScenario(t, s)
		})
	}
	t.Run("commands", func(t *testing.T) { testCommands(t, h) })
	t.Run("mystery", func(t *testing.T) { testMystery(t, h) })
	t.Run("marks are withheld", func(t *testing.T) { testMarksAreWithheld(t, h) })
	statuses, err := h.System.Switches.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statuses {
		if s.Active != nil {
			t.Errorf("%s is still %s", s.Key, s.Active.Variant)
		}
	}
}

// flow places an order every second until the test ends. Orders that are refused do not matter: a scenario stops services.
func flow(t *testing.T, h *systemtest.House) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	go func() {
		defer close(done)
		for every := time.NewTicker(time.Second); ctx.Err() == nil; <-every.C {
			_, _ = h.Client().Do(orderclient.Unrecorded(ctx), http.MethodPost, "/order", nil, orderclient.OneMargherita("another"))
		}
	}()
}
