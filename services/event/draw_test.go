package event_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"traceria/services/event"
)

// shape is a JSON Schema from which data are drawn. The type of an event must read and write all data that its schema allows, so a
// new event is tested as soon as it has a schema and a type.
type shape struct {
	Ref         string `json:"$ref"`
	Type        string
	Properties  map[string]shape
	Required    []string
	AnyOf       []shape
	Items       *shape
	MinItems    int
	Enum        []any
	Examples    []any
	Pattern     string
	Format      string
	MinLength   int
	MaxLength   *int
	Minimum     *int64
	Maximum     *int64
	Definitions map[string]shape `json:"$defs"`
}

func shapeOf(t testing.TB, typ event.Type) shape {
	t.Helper()
	text, err := event.Schema(typ)
	if err != nil {
		t.Fatal(err)
	}
	var s shape
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatalf("%s: draw_test.go cannot draw by such a schema: %v", typ, err)
	}
	return s
}

// drawing draws data of one type.
type drawing struct {
	*rapid.T
	definitions map[string]shape
}

// data draws the data of an event.
func (s shape) data() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any { return drawing{t, s.Definitions}.draw("data", s) })
}

func (d drawing) draw(name string, s shape) any {
	if s.Ref != "" {
		return d.draw(name, d.definitions[strings.TrimPrefix(s.Ref, "#/$defs/")])
	}
	if len(s.AnyOf) > 0 && s.Type == "" {
		return d.draw(name, s.AnyOf[rapid.IntRange(0, len(s.AnyOf)-1).Draw(d.T, name+" is")])
	}
	if len(s.Enum) > 0 {
		return rapid.SampledFrom(s.Enum).Draw(d.T, name)
	}
	switch s.Type {
	case "object":
		return d.object(name, s)
	case "array":
		list := []any{}
		for i := range rapid.IntRange(s.MinItems, s.MinItems+4).Draw(d.T, name+" length") {
			list = append(list, d.draw(fmt.Sprintf("%s[%d]", name, i), *s.Items))
		}
		return list
	case "string":
		return d.string(name, s)
	case "integer":
		return json.Number(fmt.Sprint(d.number(name, s, 1)))
	case "number":
		return json.Number(decimal.New(d.number(name, s, 100), -2).StringFixed(2))
	case "boolean":
		return rapid.Bool().Draw(d.T, name)
	}
	d.Fatalf("%s: draw_test.go cannot draw a %q", name, s.Type)
	return nil
}

// object draws the required fields, the fields of one alternative (anyOf), and some of the others.
func (d drawing) object(name string, s shape) any {
	required := s.Required
	if len(s.AnyOf) > 0 {
		required = slices.Concat(required, s.AnyOf[rapid.IntRange(0, len(s.AnyOf)-1).Draw(d.T, name+" has")].Required)
	}
	fields := map[string]any{}
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(required, field) || rapid.Bool().Draw(d.T, "with "+field) {
			fields[field] = d.draw(field, s.Properties[field])
		}
	}
	return fields
}

// string draws texts that a schema allows. If the schema has examples it prefers them, because the code refuses some texts that
// the schema allows (an unknown currency).
func (d drawing) string(name string, s shape) string {
	most := 40
	if s.MaxLength != nil {
		most = min(most, *s.MaxLength)
	}
	switch {
	case len(s.Examples) > 0 && rapid.IntRange(0, 9).Draw(d.T, name+" by example") < 9:
		return fmt.Sprint(rapid.SampledFrom(s.Examples).Draw(d.T, name))
	case s.Pattern != "":
		return rapid.StringMatching(s.Pattern).Draw(d.T, name)
	case s.Format == "date-time":
		return time.Unix(0, rapid.Int64Range(1, 1<<62).Draw(d.T, name)).UTC().Format(time.RFC3339Nano)
	}
	return text(s.MinLength, most).Draw(d.T, name)
}

// number draws a multiple of 1/parts.
func (d drawing) number(name string, s shape, parts int64) int64 {
	least, most := int64(-1e12), int64(1e12)
	if s.Minimum != nil {
		least = *s.Minimum * parts
	}
	if s.Maximum != nil {
		most = *s.Maximum * parts
	}
	return rapid.Int64Range(least, most).Draw(d.T, name)
}

// text draws text that databases can store.
func text(least, most int) *rapid.Generator[string] {
	return rapid.StringN(least, most, 200).Filter(func(s string) bool { return event.CheckText(s) == nil })
}
