package event_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"traceria/services/event"
)

// The schema objects of AsyncAPI 3 are those of draft-07. These keywords mean the same there and in 2020-12.
var (
	assertions = []string{
		"type", "required", "enum", "const", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
		"exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
	}
	applicators = []string{"properties", "patternProperties", "items", "contains", "additionalProperties", "propertyNames", "anyOf", "allOf", "oneOf", "not", "if", "then", "else"}
	saying      = []string{"title", "description", "examples", "default", "deprecated", "$comment"}
)

// TestSchemasMeanTheSameToEveryReader: a schema must mean the same as JSON Schema 2020-12, here, and as draft-07, in the AsyncAPI
// document.
func TestSchemasMeanTheSameToEveryReader(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		text, err := event.Schema(typ)
		if err != nil {
			t.Fatal(err)
		}
		for _, foreign := range foreignKeywords(t, text) {
			t.Errorf("%s: %s", typ, foreign)
		}
	}
}

func TestForeignKeywordsAreFound(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		`{"unevaluatedProperties":false}`:                                 "unevaluatedProperties",
		`{"properties":{"a":{"dependentRequired":{}}}}`:                   "a: dependentRequired",
		`{"items":{"prefixItems":[{}]}}`:                                  "prefixItems",
		`{"items":[{}]}`:                                                  "items is a list",
		`{"anyOf":[{},{"minContains":2}]}`:                                "minContains",
		`{"$defs":{"a":{"$anchor":"x"}}}`:                                 "$anchor",
		`{"properties":{"a":{"$defs":{}}}}`:                               "a: $defs",
		`{"properties":{"a":{"$ref":"#/$defs/b","minLength":1}}}`:         "beside $ref",
		`{"properties":{"a":{"$ref":"other.json"}}}`:                      "$ref other.json",
		`{"properties":{"a":{"$ref":"#/$defs/a/b"}}}`:                     "$ref #/$defs/a/b",
		`{"additionalProperties":{"$dynamicRef":"#x"}}`:                   "$dynamicRef",
		`{"properties":{"a":{"x-note":1,"$ref":"#/$defs/b","title":""}}}`: "",
		`{"properties":{"minContains":true},"examples":[{"$anchor":1}]}`:  "",
		`{"$schema":"s","$id":"i","enum":[{"prefixItems":1}],"not":{}}`:   "",
	} {
		found := strings.Join(foreignKeywords(t, []byte(schema)), "; ")
		if (found == "") != (want == "") || !strings.Contains(found, want) {
			t.Errorf("%s: got %q, want %q", schema, found, want)
		}
	}
}

func foreignKeywords(t *testing.T, text []byte) []string {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	var found []string
	definitions, _ := schema["$defs"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		found = append(found, foreign("$defs/"+name, definitions[name])...)
	}
	for _, keyword := range []string{"$schema", "$id", "$defs"} {
		delete(schema, keyword)
	}
	return append(found, foreign("", schema)...)
}

// foreign finds the keywords that draft-07 does not know or reads differently.
func foreign(at string, value any) []string {
	schema, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	var found []string
	reference, refers := schema["$ref"]
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		inner := schema[keyword]
		switch {
		case slices.Contains(saying, keyword), strings.HasPrefix(keyword, "x-"):
		case keyword == "$ref":
			name, local := strings.CutPrefix(fmt.Sprint(reference), "#/$defs/")
			if !local || strings.ContainsAny(name, "/~%") {
				found = append(found, fmt.Sprintf("%s: $ref %v: want #/$defs/name", at, reference))
			}
		case refers:
			found = append(found, fmt.Sprintf("%s: %s stands beside $ref, where draft-07 ignores it", at, keyword))
		case slices.Contains(assertions, keyword):
		case slices.Contains(applicators, keyword):
			found = append(found, within(at, keyword, inner)...)
		default:
			found = append(found, fmt.Sprintf("%s: %s is not in draft-07, or not here", at, keyword))
		}
	}
	return found
}

func within(at, keyword string, inner any) []string {
	var found []string
	switch inner := inner.(type) {
	case []any:
		if keyword == "items" {
			return []string{at + ": items is a list, which 2020-12 calls prefixItems"}
		}
		for _, one := range inner {
			found = append(found, foreign(at+"."+keyword, one)...)
		}
	case map[string]any:
		if keyword != "properties" && keyword != "patternProperties" {
			return foreign(at+"."+keyword, inner)
		}
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			found = append(found, foreign(strings.TrimPrefix(at+"."+name, "."), inner[name])...)
		}
	}
	return found
}
