package scenarios

import (
	"context"
	"net/http"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/scenario"
)

// deaths are the services that die in a scenario.
var deaths = map[string]string{"crash": "kitchen", "dual-write": "order"}

// Every scenario passes, while other customers order. Afterwards every switch is as it was.
func TestEveryScenarioPasses(t *testing.T) {
	h := open(t)
	h.flow(t)
	for _, s := range scenario.All() {
		t.Run(s.Name, func(t *testing.T) {
			if dies := deaths[s.Name]; dies != "" {
				h.Services[dies].ExpectDeath()
			}
			told := &show{t: t}
			runner := scenario.Runner{System: h.system, Show: told}
			results, err := runner.Run(t.Context(), s)
			if err != nil || !results[0].Passed {
				t.Fatalf("%v\n%s\n%s", err, told.text.String(), h.LastWords())
			}
			t.Logf("%s after %s", s.Name, results[0].Duration.Round(time.Millisecond))
		})
	}
	t.Run("commands", func(t *testing.T) { testCommands(t, h) })
	t.Run("mystery", func(t *testing.T) { testMystery(t, h) })
	t.Run("marks are withheld", func(t *testing.T) { testMarksAreWithheld(t, h) })
	statuses, err := h.system.Switches.List(t.Context())
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
func (h *house) flow(t *testing.T) {
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
