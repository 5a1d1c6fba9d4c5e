package failure_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"traceria/services/failure"
)

func TestCatalogueHasEveryKeyAndItsTexts(t *testing.T) {
	t.Parallel()
	want := constants(t)
	var got []failure.Key
	count := map[failure.Kind]int{}
	for _, e := range failure.Catalogue() {
		got = append(got, e.Key)
		count[e.Kind]++
		for _, text := range []string{e.Title, e.Breaks, e.Where, e.Jaeger, e.Search, e.Repair, e.Group} {
			if len(text) < 4 {
				t.Errorf("%s: missing text: %+v", e.Key, e)
			}
		}
		if len(e.Variants) < 2 || len(e.Targets) == 0 {
			t.Errorf("%s: variants %q, targets %q", e.Key, e.Variants, e.Targets)
		}
		if e.Crash && e.Allows(failure.Everyone) {
			t.Errorf("%s: a crash for everyone would repeat forever", e.Key)
		}
		for _, target := range e.Targets {
			if !slices.Contains([]failure.Target{failure.Everyone, failure.Percent, failure.Customer, failure.Order}, target) {
				t.Errorf("%s: unknown target %q", e.Key, target)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("catalogue has %q\nkey.go has %q", got, want)
	}
	if count[failure.Failure] != 30 || count[failure.Experiment] != 6 {
		t.Errorf("got %v, want 30 failures and 6 experiments", count)
	}
}

// constants returns the keys that key.go declares.
func constants(t *testing.T) (keys []failure.Key) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "key.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value)
			keys = append(keys, failure.Key(text))
		}
		return true
	})
	return keys
}

func TestUnknownKeyErrorListsTheKnownKeys(t *testing.T) {
	t.Parallel()
	for word, near := range map[failure.Key]string{
		"kitchen.slwo": "did you mean kitchen.slow? ", "ktchen.poisn": "did you mean kitchen.poison? ", "integratoin": "did you mean integration? ",
		"x": "", "nonsense.entirely": "", failure.Key(strings.Repeat("kitchen.slow", 10_000)): "",
	} {
		_, err := failure.Lookup(word)
		if !errors.Is(err, failure.ErrUnknownKey) || !strings.Contains(err.Error(), `; `+near+"there are kitchen.slow, kitchen.error") || len(err.Error()) > 2000 {
			t.Errorf("%.50s: got %.300v", word, err)
		}
	}
	entry, err := failure.Lookup(failure.KitchenSlow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Choose("3s"); !errors.Is(err, failure.ErrUnknownVariant) {
		t.Errorf("got %v", err)
	}
	if got, _ := entry.Choose(""); got != "2s" {
		t.Errorf("the first variant is %q, want 2s", got)
	}
}

func TestStatusEncodesAsInTheContract(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(failure.Status{Key: "k", Kind: "failure", Title: "t", Variants: []string{"off"}, Default: "off"})
	if err != nil || string(got) != `{"key":"k","kind":"failure","title":"t","variants":["off"],"default":"off","active":null}` {
		t.Errorf("%s, %v", got, err)
	}
}
