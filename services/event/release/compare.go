package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// breaks lists the differences that can break readers or writers of the released schema: every rule that was added, changed or
// removed. Texts (description, title, examples, deprecated) do not count, because a program cannot check the meaning of a field.
func breaks(released, current []byte) ([]string, error) {
	var schemas [2]map[string]any
	for i, text := range [][]byte{released, current} {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber() // different limits must not round to one float
		if err := decoder.Decode(&schemas[i]); err != nil {
			return nil, fmt.Errorf("read a schema: %w", err)
		}
	}
	return compare("", schemas[0], schemas[1]), nil
}

var words = []string{"description", "title", "examples", "deprecated", "$comment", "$id"}

// compare compares two schemas, which are objects or booleans.
func compare(at string, was, is any) []string {
	before, after := asMap(was), asMap(is)
	if before == nil || after == nil {
		if reflect.DeepEqual(was, is) {
			return nil
		}
		return []string{fmt.Sprintf("%s: was %v and is %v", at, was, is)}
	}
	var found []string
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, had := before[key]
		is, has := after[key]
		switch {
		case slices.Contains(words, key):
		case key == "properties" || key == "$defs":
			found = append(found, compareFields(at, was, is)...)
		case key == "required":
			found = append(found, compareRequired(at, was, is)...)
		case key == "items" && had && has:
			found = append(found, compare(at+"[]", was, is)...)
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
	before, after := asMap(was), asMap(is)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		place := strings.TrimPrefix(at+"."+name, ".")
		now, kept := after[name]
		if !kept {
			found = append(found, place+" is gone")
			continue
		}
		found = append(found, compare(place, before[name], now)...)
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, had := before[name]; !had && forbids(after[name]) {
			found = append(found, strings.TrimPrefix(at+"."+name, ".")+" is new and forbidden")
		}
	}
	return found
}

// forbids reports whether the schema of a new field, or a part of it, allows no value. Readers ignored such a field
// before and would refuse it now.
func forbids(schema any) bool {
	switch schema := schema.(type) {
	case bool:
		return !schema
	case []any:
		return slices.ContainsFunc(schema, forbids)
	case map[string]any:
		for key, value := range schema {
			allowed, isList := value.([]any)
			switch {
			case slices.Contains(words, key) || key == "const" || key == "default" || key == "enum" && len(allowed) > 0:
			case key == "not", key == "enum" && isList, forbids(value):
				return true
			}
		}
	}
	return false
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
