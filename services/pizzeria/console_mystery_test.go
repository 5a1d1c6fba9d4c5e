package pizzeria

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"traceria/services/console"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/scenario"
)

// A mystery is played to its end. The switches are on during it, and as before afterwards.
func TestAMysteryIsPlayedInTheConsole(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	if m, err := g.Mystery(t.Context()); m != nil || err != nil {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := g.Hint(t.Context()); !errors.Is(err, console.ErrNoMystery) {
		t.Errorf("a hint without a mystery: %v", err)
	}
	m, err := g.StartMystery(t.Context(), 3, 7)
	if err != nil {
		t.Fatal(err)
	}
	culprits := scenario.Culprits(7, 3)
	if on := g.active(t); len(on) != 2 || !slices.Contains(culprits, on[0]) || !slices.Contains(culprits, on[1]) {
		t.Errorf("%v is on, want %v", on, culprits)
	}
	if m.Level != 3 || m.Keys != 2 || len(m.Orders) != 4 || m.Customer != "mystery-7" {
		t.Errorf("%+v", m)
	}
	if _, err := g.StartMystery(t.Context(), 1, 0); !errors.Is(err, console.ErrMystery) {
		t.Errorf("a second mystery: %v", err)
	}
	if hint, err := g.Hint(t.Context()); err != nil || !strings.Contains(hint, "group") {
		t.Errorf("%q, %v", hint, err)
	}
	wrong, err := g.Guess(t.Context(), []string{string(culprits[0]), "kitchen.hang"})
	if err != nil || wrong.Solved || len(wrong.Right) != 1 || len(wrong.Clues) > 0 {
		t.Errorf("%+v, %v", wrong, err)
	}
	if m, err = g.Mystery(t.Context()); err != nil || m.Hints != 1 || m.Guesses != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	right, err := g.Guess(t.Context(), []string{string(culprits[1]), string(culprits[0])})
	if err != nil || !right.Solved || len(right.Clues) != 2 || right.Clues[0].Repair == "" {
		t.Errorf("%+v, %v", right, err)
	}
	if on := g.active(t); len(on) > 0 {
		t.Errorf("%v is still on", on)
	}
	if _, err := g.EndMystery(t.Context()); !errors.Is(err, console.ErrNoMystery) {
		t.Errorf("the end without a mystery: %v", err)
	}
}

// What the page gets does not tell the key. The seed would, and so would a customer that is named after it.
func TestARunningMysteryIsKeptSecret(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	shown, err := g.StartMystery(t.Context(), 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := g.system.OpenMystery()
	if err != nil {
		t.Fatal(err)
	}
	again, err := g.Mystery(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*console.Mystery{shown, again} {
		if m.Seed != 0 || strings.Contains(m.Customer, fmt.Sprint(kept.Seed)) {
			t.Errorf("the seed %d is in %+v", kept.Seed, m)
		}
		suspects := m.Suspects
		if i := slices.IndexFunc(suspects, func(s console.Suspect) bool { return s.Key == string(kept.Keys[0]) }); i < 0 || len(suspects) != 12 {
			t.Errorf("%s is not among %d suspects", kept.Keys[0], len(suspects))
		}
		m.Suspects = nil
		if text, _ := json.Marshal(m); strings.Contains(string(text), string(kept.Keys[0])) {
			t.Errorf("the key is in %s", text)
		}
	}
	verdict, err := g.EndMystery(t.Context())
	if err != nil || verdict.Solved || len(verdict.Clues) != 1 || verdict.Clues[0].Key != string(kept.Keys[0]) {
		t.Errorf("%+v, %v", verdict, err)
	}
	if on := g.active(t); len(on) > 0 {
		t.Errorf("%v is still on", on)
	}
}

// What is wrong with a command of the game is a problem of the caller.
func TestAWrongMoveOfTheMysteryIsRefused(t *testing.T) {
	t.Parallel()
	g := newStage(t)
	if _, err := g.StartMystery(t.Context(), 1, 5); err != nil {
		t.Fatal(err)
	}
	_, level := g.StartMystery(t.Context(), 4, 0)
	_, key := g.Guess(t.Context(), []string{"kitchen.lazy"})
	_, none := g.Guess(t.Context(), nil)
	for field, err := range map[string]error{"level": level, "keys": errors.Join(key, none)} {
		problem, ok := errors.AsType[*host.Problem](err)
		if !ok || problem.Status != http.StatusUnprocessableEntity || problem.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if none == nil || key == nil || !strings.Contains(key.Error(), "kitchen.lazy") {
		t.Errorf("%v, %v", key, none)
	}
	if err := g.flags.Clear(failure.KitchenSlow); err != nil { // a switch of the mystery may be gone meanwhile
		t.Fatal(err)
	}
	if _, err := g.EndMystery(t.Context()); err != nil {
		t.Error(err)
	}
}
