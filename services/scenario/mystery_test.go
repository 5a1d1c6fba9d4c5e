package scenario

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

func TestTheSameSeedGivesTheSameMystery(t *testing.T) {
	t.Parallel()
	for level := 1; level <= Levels; level++ {
		seen := map[failure.Key]bool{}
		for seed := range uint64(200) {
			keys := Culprits(seed, level)
			if !slices.Equal(keys, Culprits(seed, level)) {
				t.Fatalf("seed %d gives two mysteries", seed)
			}
			if want := map[bool]int{true: 2, false: 1}[level == Levels]; len(keys) != want {
				t.Fatalf("level %d has %v", level, keys)
			}
			for _, key := range keys {
				seen[key] = true
			}
		}
		for _, key := range culprits[level] {
			if !seen[key] {
				t.Errorf("level %d never has %s", level, key)
			}
		}
	}
}

// Each failure of a mystery can be set for one customer, and does not end a process.
func TestEachCulpritIsForOneCustomer(t *testing.T) {
	t.Parallel()
	for _, keys := range culprits {
		for _, key := range keys {
			if entry, err := failure.Lookup(key); err != nil || !entry.Allows(failure.Customer) || entry.Crash {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	if _, err := tracetree.ParseGolden(cleanTree); err != nil {
		t.Error(err)
	}
}

func TestAMysteryLastsOverSeveralCommands(t *testing.T) {
	t.Parallel()
	s := System{Journal: filepath.Join(t.TempDir(), "journal.json")}
	if _, err := s.OpenMystery(); err != ErrNoMystery { //nolint:errorlint // it is not wrapped
		t.Fatal(err)
	}
	m := &Mystery{Level: 3, Keys: []failure.Key{failure.KitchenSlow, failure.EventRenamedField}, path: s.mysteryPath()}
	if err := m.write(); err != nil {
		t.Fatal(err)
	}
	for _, guess := range []struct {
		keys   []failure.Key
		right  int
		solved bool
	}{
		{[]failure.Key{failure.KitchenError}, 0, false},
		{[]failure.Key{failure.KitchenSlow}, 1, false},
		{[]failure.Key{failure.KitchenSlow, failure.KitchenSlow}, 1, false},
		{[]failure.Key{failure.KitchenSlow, failure.EventRenamedField, failure.KitchenError}, 2, false},
		{[]failure.Key{failure.EventRenamedField, failure.KitchenSlow}, 2, true},
	} {
		again, err := s.OpenMystery()
		if err != nil {
			t.Fatal(err)
		}
		right, solved, err := again.Guess(guess.keys)
		if err != nil || len(right) != guess.right || solved != guess.solved {
			t.Errorf("%v: %v right, solved %t, %v", guess.keys, right, solved, err)
		}
	}
	last, err := s.OpenMystery()
	if err != nil || last.Guesses != 4 {
		t.Errorf("%d wrong guesses, want 4: %v", last.Guesses, err)
	}
	var hints []string
	for range 7 {
		hint, err := last.Hint()
		if err != nil {
			t.Fatal(err)
		}
		hints = append(hints, hint)
	}
	if len(slices.Compact(slices.Clone(hints))) != 6 || !strings.Contains(hints[0], "consumer") || hints[5] != hints[6] {
		t.Errorf("the hints are %q", hints)
	}
	if _, _, err := last.Guess([]failure.Key{"kitchen.lazy"}); err == nil {
		t.Error("an unknown key is a guess")
	}
}
