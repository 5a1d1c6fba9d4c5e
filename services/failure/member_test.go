package failure_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"pgregory.net/rapid"

	"traceria/services/failure"
)

// ruled writes a file in which a rule switches kitchen.slow on where a variable has the value yes, and returns switches that
// follow it.
func ruled(t *testing.T, variables ...string) *failure.Switches {
	t.Helper()
	var tests []any
	for _, variable := range variables {
		tests = append(tests, map[string]any{"==": []any{map[string]any{"var": variable}, "yes"}})
	}
	rule := map[string]any{"if": []any{map[string]any{"and": tests}, "2s", "off"}}
	text, err := json.Marshal(map[string]any{"flags": map[string]any{"kitchen.slow": map[string]any{
		"state": "ENABLED", "variants": map[string]any{"off": "off", "2s": "2s"}, "defaultVariant": "off", "targeting": rule,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	f := failure.File{Path: filepath.Join(t.TempDir(), "flags.json")}
	if err := os.WriteFile(f.Path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, f, false)
}

func carrying(t interface{ Fatal(...any) }, header string) context.Context {
	bag, err := baggage.Parse(header)
	if err != nil {
		t.Fatal(err)
	}
	return baggage.ContextWithBaggage(context.Background(), bag)
}

func TestARuleReadsBaggageWhoseKeyHasDots(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		variables, header string
		on                bool
	}{
		{"baggage.tenant", "tenant=yes", true},
		{"baggage.user.id", "user.id=yes", true},
		{"baggage.user.id", "user.id=no", false},
		{"baggage.user/id", "user.id=yes", true},
		{"baggage.a.b.c", "a.b.c=yes,a.b.d=no,a.e=no", true},
		{"baggage.a.b baggage.a/b/c", "a.b=yes,a.b.c=yes", true},
		{"baggage.user baggage.user/id", "user.id=yes,user=yes", true},
		{"baggage.user", "user.id=yes", false},
		{"baggage.odd!#$%&'*+-^_`|~", "odd!#$%&'*+-^_`|~=yes", true},
	} {
		s := ruled(t, strings.Fields(c.variables)...)
		if _, on := s.On(carrying(t, c.header), failure.KitchenSlow); on != c.on {
			t.Errorf("%s with %s: on is %t", c.variables, c.header, on)
		}
	}
}

// The keys are tokens of W3C Baggage with dots anywhere. The form with slashes always reads its member, and the form with
// dots does unless another key is a part of its path.
func TestEveryBaggageMemberCanBeRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching("[a-c.]{1,4}[!#$%&'*+^_`|~0-9-]?"), 1, 4, rapid.ID).Draw(r, "keys")
		var header []string
		for i, key := range keys {
			header = append(header, fmt.Sprintf("%s=v%d", key, i))
		}
		read := failure.Members(baggage.FromContext(carrying(r, strings.Join(header, ","))))
		for i, key := range keys {
			want := fmt.Sprintf("v%d", i)
			if strings.Contains(key, ".") && read[strings.ReplaceAll(key, ".", "/")] != want {
				r.Fatalf("%v: %s with slashes is not read: %v", header, key, read)
			}
			if got := follow(read, key); got != want && alone(key, keys) {
				r.Fatalf("%v: %s is %v: %v", header, key, got, read)
			}
		}
	})
}

// follow reads a path as JSON logic does.
func follow(from map[string]any, path string) any {
	var value any = from
	for step := range strings.SplitSeq(path, ".") {
		if step != "" {
			within, _ := value.(map[string]any)
			value = within[step]
		}
	}
	return value
}

// alone reports whether the path of the key has a step and no other path begins it or goes on from it.
func alone(key string, keys []string) bool {
	path := func(key string) string {
		return strings.Join(strings.FieldsFunc(key, func(r rune) bool { return r == '.' }), ".") + "."
	}
	for _, other := range keys {
		if other != key && (strings.HasPrefix(path(other), path(key)) || strings.HasPrefix(path(key), path(other))) {
			return false
		}
	}
	return path(key) != "."
}
