package failure

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/open-feature/flagd/core/pkg/evaluator"
	"github.com/open-feature/flagd/core/pkg/logger"
	"github.com/open-feature/flagd/core/pkg/store"
	"github.com/open-feature/flagd/core/pkg/sync"
	"go.uber.org/zap"
	"pgregory.net/rapid"
)

// withRule returns a flag file in which kitchen.slow has the rule.
func withRule(rule, rest string) string {
	return `{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":"off","2s":"2s"},"defaultVariant":"off","targeting":` + rule + `}}` + rest + `}`
}

func TestARuleThatGivesWhatTheFlagLacksIsRefused(t *testing.T) {
	t.Parallel()
	const want = "kitchen.slow: targeting: "
	for text, says := range map[string]string{
		withRule(`{"if":[{"==":[{"var":"customer"},"anna"]},"20s"]}`, ""):                                               want + `unknown variant "20s"; want one of off, 2s`,
		withRule(`{"if":[{"==":[{"var":"customer"},"anna"]},"2s","10s"]}`, ""):                                          want + `unknown variant "10s"; want one of off, 2s`,
		withRule(`{"if":[true,"2s",{"if":[true,"x"]}]}`, ""):                                                            `unknown variant "x"`,
		withRule(`{"if":["20s"]}`, ""):                                                                                  `unknown variant "20s"`,
		withRule(`{"or":[{"var":"x"},"20s"]}`, ""):                                                                      `unknown variant "20s"`,
		withRule(`{"fractional":[["2s",50],["20s",50]]}`, ""):                                                           `fractional: unknown variant "20s"; want one of off, 2s`,
		withRule(`{"fractional":[{"var":"order"},["2s",12.5],["off",87.5]]}`, ""):                                       `["2s",12.5]; want [variant, weight] with a whole number from 0`,
		withRule(`{"fractional":[["2s",0],["off",0]]}`, ""):                                                             "the weights add up to 0",
		withRule(`{"fractional":[["2s",-5],["off",9]]}`, ""):                                                            "with a whole number from 0",
		withRule(`{"if":[true,5]}`, ""):                                                                                 "the result is 5; want a variant, one of off, 2s",
		withRule(`{"if":[true,true]}`, ""):                                                                              "the result is true; want a variant",
		withRule(`{"==":[{"var":"customer"},"anna"]}`, ""):                                                              `the result of "==" is no text`,
		withRule(`{"fi":[true,"2s"]}`, ""):                                                                              `unknown operator "fi"; there are if,`,
		withRule(`{"if":[{"equals":[1,1]},"2s"]}`, ""):                                                                  `unknown operator "equals"`,
		withRule(`{"if":[{"$ref":"vip"},"2s"]}`, ""):                                                                    `$ref "vip": $evaluators has no such rule`,
		withRule(`{"$ref":"vip"}`, `,"$evaluators":{"vip":{"if":[true,"20s"]}}`):                                        `unknown variant "20s"`,
		withRule(`{"if":[true,"2s"]}`, `,"$evaluators":{"vip":{"==":[{"var":"$flagd.flagKey"}]}}`):                      "want no $ in it",
		withRule(`{"if":[true,"2s"]}`, `,"$evaluators":{"v(":{"==":[1,1]}}`):                                            "want a name of letters",
		withRule(`{"if":[true,"2s"]}`, `,"$evaluators":{"vip":1}`):                                                      "want an object with one operator",
		`{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":"off"},"defaultVariant":"2s"}}}`:                 `kitchen.slow: defaultVariant: unknown variant "2s"; want one of off`,
		`{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":1},"defaultVariant":"off"}}}`:                    "variants: want texts",
		`{"flags":{"kitchen.slow":{"state":"on","variants":{"off":"off"},"defaultVariant":"off"}}}`:                     "state: want ENABLED or DISABLED",
		`{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":"off"},"defaultVariant":"off","Targeting":{}}}}`: "Targeting: want targeting",
		`{"flags":{"kitchen.slwo":{"state":"ENABLED","variants":{"off":"off"},"defaultVariant":"off"}}}`:                "did you mean kitchen.slow?",
		`{"flags":{"my.own":{"state":"ENABLED","variants":{"a":1},"defaultVariant":"b"}}}`:                              "my.own: defaultVariant: want one of the flag's variants",
		`{"flags":{"my.own":{"state":"ENABLED","variants":{"a":1},"defaultVariant":"a","source":5}}}`:                   "source: got a JSON number; want a text",
		`{"Flags":{},"flags":{}}`:                                                                                       "Flags: want flags",
	} {
		_, err := parse([]byte(text))
		if !errors.Is(err, ErrFile) || errors.Is(err, ErrUnknownKey) || errors.Is(err, ErrUnknownVariant) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %s", text, err, says)
		}
	}
}

// A drawn rule often has a fault. What the file's check accepts, flagd accepts, and its evaluation gives a variant.
func TestFlagdTakesEveryAcceptedRule(t *testing.T) {
	t.Parallel()
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		drawn := drawRule(t, 3)
		text := withRule(string(encode(drawn)), `,"$evaluators":{"anna":{"==":[{"var":"customer"},"anna"]}}`)
		if _, err := parse([]byte(text)); err != nil {
			return
		}
		accepted++
		variant, err := evaluate(text)
		if err != nil || variant != "off" && variant != "2s" {
			t.Fatalf("%s: flagd gives %q, %v", text, variant, err)
		}
	})
	if accepted == 0 && !testing.Short() { // -short draws 20 rules instead of 100
		t.Error("none of the rules was accepted")
	}
}

func drawRule(t *rapid.T, depth int) any {
	results := []any{"2s", "off", "20s", nil, 5.0, true, object{"$ref": "anna"}, object{"==": []any{1.0, 1.0}}}
	kinds := 3
	if depth > 0 {
		kinds = 5
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 3, 4:
		var list []any
		for range rapid.IntRange(0, 2).Draw(t, "branches") {
			condition := rapid.SampledFrom([]any{true, false, object{"$ref": "anna"}, object{"$ref": "bert"}, object{"var": "customer"}}).Draw(t, "condition")
			list = append(list, condition, drawRule(t, depth-1))
		}
		if len(list) > 0 && rapid.Bool().Draw(t, "else") {
			list = append(list, drawRule(t, depth-1))
		}
		return object{rapid.SampledFrom([]string{"if", "if", "if", "fi"}).Draw(t, "operator"): list}
	case 5:
		list := []any{object{"var": "order"}}
		for range rapid.IntRange(1, 3).Draw(t, "shares") {
			list = append(list, []any{rapid.SampledFrom([]string{"2s", "off", "off", "20s"}).Draw(t, "variant"), rapid.SampledFrom([]float64{0, 1, 50, 100, 12.5}).Draw(t, "weight")})
		}
		return object{"fractional": list}
	case 0, 1:
		return rapid.SampledFrom(results[:2]).Draw(t, "variant")
	}
	return rapid.SampledFrom(results).Draw(t, "result")
}

// evaluate asks flagd's own evaluator for kitchen.slow.
func evaluate(text string) (variant string, err error) {
	engine, err := flagdReads(text)
	if err != nil {
		return "", err
	}
	operators.RLock()
	defer operators.RUnlock()
	about := map[string]any{"customer": "anna", "order": "o-1", "targetingKey": "o-1"}
	_, variant, _, _, err = engine.ResolveStringValue(context.Background(), "", "kitchen.slow", about)
	return variant, err
}

// flagdReads reads the file with flagd's own reader.
func flagdReads(text string) (*evaluator.JSON, error) {
	operators.Lock() // as in followFile
	defer operators.Unlock()
	flags := store.NewFlags()
	flags.FlagSources = []string{"x"}
	engine := evaluator.NewJSON(logger.NewLogger(zap.NewNop(), false), flags)
	_, _, err := engine.SetState(sync.DataSync{FlagData: text, Source: "x", Type: sync.ALL})
	return engine, err
}
