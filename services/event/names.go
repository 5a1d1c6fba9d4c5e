package event

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// exactNames returns a JSON document in which the names of all members that are not in known are empty. encoding/json ignores
// the case of names, and JSON does not: {"points":5,"Points":7} has 5 points and an unknown member.
func exactNames(document []byte, known map[string]bool) []byte {
	var exact []byte
	copied := 0
	for at := 0; at < len(document); at++ {
		if document[at] != '"' {
			continue
		}
		start := at
		for at++; at < len(document) && document[at] != '"'; at++ {
			if document[at] == '\\' {
				at++
			}
		}
		if at >= len(document) { // not JSON
			return document
		}
		if isName(document[at+1:]) && !isKnown(document[start:at+1], known) {
			exact = append(exact, document[copied:start+1]...)
			copied = at
		}
	}
	if copied == 0 {
		return document
	}
	return append(exact, document[copied:]...)
}

// isName reports whether the text before rest is the name of a member.
func isName(rest []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(":"))
}

func isKnown(quoted []byte, known map[string]bool) bool {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return known[string(quoted[1:len(quoted)-1])]
	}
	var name string
	return json.Unmarshal(quoted, &name) == nil && known[name]
}

// metadataNames returns the names of the fields of [Metadata].
var metadataNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for field := range reflect.TypeFor[Metadata]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
})

// dataNames returns the names in the schema of each type.
var dataNames = sync.OnceValue(func() map[Type]map[string]bool {
	ready, _ := compiled() // check returns the error
	all := make(map[Type]map[string]bool, len(ready))
	for t, schema := range ready {
		all[t] = map[string]bool{}
		addNames(all[t], schema, map[*jsonschema.Schema]bool{})
	}
	return all
})

// addNames adds the names in a schema. A schema may refer to itself.
func addNames(names map[string]bool, schema *jsonschema.Schema, seen map[*jsonschema.Schema]bool) {
	schema = target(schema)
	if schema == nil || seen[schema] {
		return
	}
	seen[schema] = true
	for name, property := range schema.Properties {
		names[name] = true
		addNames(names, property, seen)
	}
	addNames(names, schema.Items2020, seen)
	for _, one := range slices.Concat(schema.AnyOf, schema.AllOf, schema.OneOf) {
		addNames(names, one, seen)
	}
}
