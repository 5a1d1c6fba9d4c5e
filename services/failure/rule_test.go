package failure_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"traceria/services/failure"
)

// flagWith is a flag file in which kitchen.slow has a rule.
func flagWith(rule string) string {
	return `{"$evaluators":{"late":{"if":[{"==":[{"var":"customer"},"anna"]},"10s"]},"never":{"if":[true,"20s"]},"self":{"$ref":"self"}},"flags":{"kitchen.slow":{"state":"ENABLED",` +
		`"variants":{"off":"off","2s":"2s","10s":"10s"},"defaultVariant":"off","targeting":` + rule + `}}}`
}

func writeRule(t testing.TB, f failure.File, rule string) {
	t.Helper()
	if err := os.WriteFile(f.Path, []byte(flagWith(rule)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A rule that names a variant that the flag does not have is refused like a broken file: by the list, by a change and by the
// services, which keep the last valid state.
func TestARuleForAVariantThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		`{"if":[{"==":[{"var":"customer"},"anna"]},"20s"]}`:      `gives "20s"`,
		`{"if":[true,"10s","20s"]}`:                              `gives "20s"`,
		`{"if":[false,"20s",true,"10s"]}`:                        `gives "20s"`,
		`{"?:":[true,"10s","20s"]}`:                              `gives "20s"`,
		`{"if":[true,{"if":[false,"10s",true,"on"]}]}`:           `gives "on"`,
		`{"fractional":[["10s",50],["20s",50]]}`:                 `gives "20s"`,
		`{"fractional":[{"var":"order"},["20s",50],["off",50]]}`: `gives "20s"`,
		`{"fractional":[["10s",50],"off"]}`:                      "no [variant, weight]",
		`{"fractional":[["10s","half"],["off",50]]}`:             "is no number",
		`{"if":[true,true]}`:                                     "gives true",
		`{"if":[true,10]}`:                                       "gives 10",
		`{"if":[true,["10s"]]}`:                                  "gives [",
		`{"$ref":"never"}`:                                       `gives "20s"`,
		`{"$ref":"nowhere"}`:                                     `"nowhere", which $evaluators does not have`,
		`{"$ref":"self"}`:                                        "nested more than 100 deep",
		`{"iff":[true,"10s"]}`:                                   `operator "iff"`,
		`{"if":[true,"10s"],"or":[]}`:                            "2 operators, want one",
	} {
		f := newFile(t)
		writeRule(t, f, rule)
		_, listErr := f.List()
		_, setErr := f.Set(failure.KitchenError, failure.Setting{})
		s := open(t, f, false)
		for name, err := range map[string]error{"list": listErr, "set": setErr, "service": s.Problem()} {
			if err == nil || !errors.Is(err, failure.ErrFile) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "kitchen.slow: targeting") {
				t.Errorf("%s: %s: got %v, want %q", rule, name, err, want)
			}
		}
		if text, err := os.ReadFile(f.Path); err != nil || string(text) != flagWith(rule) {
			t.Errorf("%s: the file was changed: %v", rule, err)
		}
	}
	for _, rule := range []string{
		`{}`, `{"$ref":"late"}`, `{"if":[true,"10s",null]}`, `{"if":[true,{"var":"customer"}]}`, `{"or":[{"var":"x"},"20s"]}`,
		`{"fractional":[["10s"],["off"]]}`, `{"fractional":[{"cat":[{"var":"order"}]},["10s",50],["off",50]]}`, `{"if":[{"in":["20s",{"var":"customer"}]},"2s"]}`,
	} {
		f := newFile(t)
		writeRule(t, f, rule)
		if _, err := f.List(); err != nil {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// Generated rules are refused exactly when one of their results is no variant.
func TestGeneratedRulesAreRefusedForTheirResults(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 9))
	var generate func(depth int) (rule any, right bool)
	generate = func(depth int) (any, bool) {
		switch n := random.IntN(10); {
		case n < 4 || depth == 0:
			v := []string{"off", "2s", "10s", "20s", "on", ""}[random.IntN(6)]
			return v, v != "20s" && v != "on" && v != ""
		case n < 5:
			return nil, true
		case n < 8:
			var list []any
			right := true
			for range 1 + random.IntN(3) {
				value, ok := generate(depth - 1)
				list = append(list, map[string]any{"==": []any{"20s", "20s"}}, value)
				right = right && ok
			}
			if random.IntN(2) == 0 {
				value, ok := generate(depth - 1)
				list, right = append(list, value), right && ok
			}
			return map[string]any{"if": list}, right
		default:
			list, right := []any{map[string]any{"var": "order"}}, true
			for range 1 + random.IntN(3) {
				value, ok := generate(depth - 1)
				list, right = append(list, []any{value, 1}), right && ok
			}
			return map[string]any{"fractional": list}, right
		}
	}
	f := newFile(t)
	for range 2000 {
		value, right := generate(3)
		if _, isLogic := value.(map[string]any); !isLogic {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		writeRule(t, f, string(text))
		if _, err := f.List(); (err == nil) != right {
			t.Fatalf("%s: right %t, got %v", text, right, fmt.Sprint(err))
		}
	}
}
