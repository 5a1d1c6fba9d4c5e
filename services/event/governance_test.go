package event_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
)

// TestNoReleasedSchemaIsBrokenWithoutAnRFC is the check of the contract in CI. released/ has each schema as it was when
// its version was released.
func TestNoReleasedSchemaIsBrokenWithoutAnRFC(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("released/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d released schemas, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		current, err := os.ReadFile(filepath.Join("schema", name))
		broken := []string{"the schema is gone"}
		if err == nil {
			broken = breaks(t, read(t, file), current)
		}
		kebab, version, _ := strings.Cut(strings.TrimSuffix(name, ".json"), ".")
		if len(broken) > 0 && !allowed(t, kebab, version) {
			t.Errorf("schema/%s breaks what was released:\n  %s\nConsumers rely on it. Either take the change back, or publish it as a new version beside this one"+
				" (a schema, a type; see README.md), for which services/event/rfc/NNNN-*.md says who and why and until when this one lives. Once such an RFC is"+
				" accepted that has `event` and `breaks: %s` in its front matter, this check lets the change pass, and released/%s can be replaced",
				name, strings.Join(broken, "\n  "), version, name)
		}
	}
	for _, typ := range event.Catalogue {
		if _, err := os.Stat("released/" + typ.Kebab() + "." + typ.Version + ".json"); err != nil {
			t.Errorf("%s is published and not released: copy its schema to released/", typ)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// frontMatter reads the lines between the first two ---.
func frontMatter(text string) map[string]string {
	fields := map[string]string{}
	_, rest, _ := strings.Cut(text, "---\n")
	head, _, _ := strings.Cut(rest, "\n---")
	for line := range strings.Lines(head) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return fields
}

// allowed tells whether an accepted RFC lets a released version be broken in place.
func allowed(t *testing.T, kebab, version string) bool {
	t.Helper()
	for _, rfc := range rfcs(t) {
		typ := event.Type{Name: rfc["event"]}
		if rfc["status"] == "accepted" && typ.Kebab() == kebab && rfc["breaks"] == version {
			return true
		}
	}
	return false
}

func rfcs(t *testing.T) []map[string]string {
	t.Helper()
	files, err := filepath.Glob("rfc/[0-9][0-9][0-9][0-9]-*.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, file := range files {
		all = append(all, frontMatter(string(read(t, file))))
	}
	return all
}

func TestEveryRFCSaysWhoWhyAndUntilWhen(t *testing.T) {
	t.Parallel()
	deprecated := map[string]bool{}
	for _, rfc := range rfcs(t) {
		for _, field := range []string{"rfc", "title", "event", "status", "author"} {
			if rfc[field] == "" {
				t.Errorf("RFC %s has no %s", rfc["rfc"], field)
			}
		}
		if _, err := time.Parse(time.DateOnly, rfc["deprecation-date"]); err != nil {
			t.Errorf("RFC %s: %v", rfc["rfc"], err)
		}
		if rfc["status"] == "accepted" {
			deprecated[rfc["deprecates"]] = true
		}
	}
	for _, typ := range event.Catalogue {
		if typ.Deprecated() != (typ.DeprecationDate() != "") {
			t.Errorf("%s: deprecated %t, until %q", typ, typ.Deprecated(), typ.DeprecationDate())
		}
		if typ.Deprecated() != deprecated[typ.String()] {
			t.Errorf("%s: its schema says deprecated %t, the accepted RFCs %t", typ, typ.Deprecated(), deprecated[typ.String()])
		}
	}
}

func TestABreakingChangeIsFoundAndAnHonestOneIsNot(t *testing.T) {
	t.Parallel()
	const released = `{"type":"object","properties":{"orderId":{"type":"string","maxLength":200},"size":{"enum":["s","m"]},"n":{"type":"number","minimum":0},
		"address":{"$ref":"#/$defs/address"}},"required":["orderId"],"$defs":{"address":{"type":"object","properties":{"line":{"type":"string"}}}}}`
	for change, want := range map[[2]string]string{
		{`"orderId":{`, `"id":{`}:                                              "orderId is gone",
		{`"required":["orderId"]`, `"required":["orderId","n"]`}:               "n is required now",
		{`"required":["orderId"]`, `"required":[]`}:                            "orderId is no longer required",
		{`"type":"number"`, `"type":"object"`}:                                 "n: type",
		{`"type":"number"`, `"type":"integer"`}:                                "n: type",
		{`["s","m"]`, `["s"]`}:                                                 "size: enum",
		{`"maxLength":200`, `"maxLength":100`}:                                 "orderId: maxLength",
		{`"minimum":0`, `"minimum":1`}:                                         "n: minimum",
		{`"line":{"type":"string"}`, `"street":{"type":"string"}`}:             "line is gone",
		{`"maxLength":200`, `"maxLength":200,"pattern":"^o"`}:                  "orderId: pattern",
		{`"properties":{"orderId"`, `"properties":{"more":{},"orderId"`}:       "",
		{`"type":"number"`, `"type":"number","description":"of pieces"`}:       "",
		{`"required":["orderId"]`, `"required":["orderId"],"deprecated":true`}: "",
	} {
		changed := strings.Replace(released, change[0], change[1], 1)
		got := strings.Join(breaks(t, []byte(released), []byte(changed)), "; ")
		if changed == released || (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s to %s: got %q, want %q", change[0], change[1], got, want)
		}
	}
}

// breaks names what of a released schema does not hold any more for those who read or write by it. It is strict where it
// cannot tell: a rule that was added, changed or taken away counts. Words (description, title, examples, deprecated) do not.
func breaks(t *testing.T, released, current []byte) []string {
	t.Helper()
	var before, after map[string]any
	for text, into := range map[*[]byte]*map[string]any{&released: &before, &current: &after} {
		if err := json.Unmarshal(*text, into); err != nil {
			t.Fatal(err)
		}
	}
	return compare("", before, after)
}

var words = []string{"description", "title", "examples", "deprecated", "$comment", "$id", "$schema"}

func compare(at string, before, after map[string]any) []string {
	var found []string
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, is := before[key], after[key]
		switch {
		case slices.Contains(words, key):
		case key == "properties" || key == "$defs":
			found = append(found, compareFields(at, was, is)...)
		case key == "required":
			found = append(found, compareRequired(at, was, is)...)
		case key == "items" && was != nil && is != nil:
			found = append(found, compare(at+"[]", asMap(was), asMap(is))...)
		case !reflect.DeepEqual(was, is):
			found = append(found, fmt.Sprintf("%s: %s was %v and is %v", at, key, was, is))
		}
	}
	return found
}

func asMap(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

func compareFields(at string, was, is any) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(asMap(was))) {
		now, kept := asMap(is)[name]
		place := strings.TrimPrefix(at+"."+name, ".")
		if !kept {
			found = append(found, place+" is gone")
			continue
		}
		found = append(found, compare(place, asMap(asMap(was)[name]), asMap(now))...)
	}
	return found
}

func compareRequired(at string, was, is any) []string {
	before, _ := was.([]any)
	after, _ := is.([]any)
	var found []string
	for _, name := range after {
		if !slices.Contains(before, name) {
			found = append(found, strings.TrimPrefix(fmt.Sprintf("%s.%s is required now", at, name), "."))
		}
	}
	for _, name := range before {
		if !slices.Contains(after, name) {
			found = append(found, strings.TrimPrefix(fmt.Sprintf("%s.%s is no longer required", at, name), "."))
		}
	}
	return found
}
