package scenarios

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/scenario"
	"traceria/services/system/systemtest"
)

// testMystery plays a mystery of level 3: two failures, found by what they do.
func testMystery(t *testing.T, h *systemtest.House) {
	seed := uint64(1)
	for !slices.Equal(scenario.Culprits(seed, 3), []failure.Key{failure.KitchenSlow, failure.EventRenamedField}) {
		seed++
	}
	m, err := h.System.StartMystery(t.Context(), seed, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.System.StartMystery(t.Context(), 1, 1); err == nil {
		t.Error("two mysteries go on")
	}
	for _, order := range m.Orders {
		h.Await(t, time.Minute, "the orders are delivered", func() bool {
			now, err := h.Client().Get(t.Context(), order)
			return err == nil && now.Status == "delivered"
		})
	}
	if _, solved, err := m.Guess([]failure.Key{failure.EventRenamedField, failure.KitchenSlow}); err != nil || !solved {
		t.Errorf("the right guess is wrong: %v", err)
	}
	h.Await(t, time.Minute, "the spans give it away", func() bool {
		_, evidence, err := h.System.Explain(t.Context(), m)
		return err == nil && strings.Contains(evidence.Difference, "took 2") && strings.Contains(evidence.Difference, "[traceria.loyalty.points=0]") &&
			!strings.Contains(evidence.Difference, "injected")
	})
	if err := h.System.EndMystery(t.Context(), m); err != nil {
		t.Error(err)
	}
}

// testMarksAreWithheld switches everything on that a mystery may have, each for a customer of its own. No span names a key.
func testMarksAreWithheld(t *testing.T, h *systemtest.House) {
	keys := map[failure.Key]bool{}
	for level := 1; level <= scenario.Levels; level++ {
		for seed := range uint64(100) {
			for _, key := range scenario.Culprits(seed, level) {
				keys[key] = true
			}
		}
	}
	for key := range keys {
		entry, err := failure.Lookup(key)
		if err != nil {
			t.Fatal(err)
		}
		setting := failure.Setting{Variant: entry.First(), Customer: "withheld-" + string(key), Unmarked: true}
		if err := h.System.Switches.Set(t.Context(), key, &setting); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	placed := map[failure.Key]string{}
	for key := range keys {
		order, err := h.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita("withheld-"+string(key)))
		if err != nil {
			t.Fatal(err)
		}
		placed[key] = order.OrderID
	}
	time.Sleep(10 * time.Second) // longer than the attempts at a message
	for key, order := range placed {
		spans, err := h.Jaeger.Conversation(t.Context(), order)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		for _, span := range spans {
			for name, value := range span.Attributes {
				if named := strings.HasPrefix(name, "traceria.inject") || name == "traceria.failure" || value == string(key); named {
					t.Errorf("%s: %s has %s=%v", key, span.Name, name, value)
				}
			}
			if strings.Contains(span.StatusMessage, string(key)) {
				t.Errorf("%s: %s says %q", key, span.Name, span.StatusMessage)
			}
		}
		if err := h.System.Switches.Set(t.Context(), key, nil); err != nil {
			t.Error(err)
		}
	}
}
