package event

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxDepth is the largest depth of XML. Each level costs stack.
const maxDepth = 32

// element is an XML element. Its attributes are its first children.
type element struct {
	name     string
	text     strings.Builder
	children []*element
}

// fromXML converts XML data to the JSON that the type's schema describes. The children and attributes of the root are the fields,
// and a list is a repeated element. Numbers keep their digits, so that amounts stay exact. Without a schema every value is text.
func fromXML(text []byte, m Metadata) (json.RawMessage, error) {
	root, err := parseXML(text)
	if err != nil {
		return nil, fmt.Errorf("data is not XML: %w", err)
	}
	var schema *jsonschema.Schema
	if t, err := Lookup(m.EventType, m.Version); err == nil {
		ready, err := compiled()
		if err != nil {
			return nil, err
		}
		schema = ready[t]
	}
	value, err := root.object(schema)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return json.Marshal(value)
}

func parseXML(text []byte) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(text)) // knows XML's five entities only, so nothing expands
	open := []*element{{}}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			if len(open) > maxDepth {
				return nil, fmt.Errorf("it is nested deeper than %d elements", maxDepth)
			}
			next := &element{name: token.Name.Local}
			for _, attribute := range token.Attr {
				if attribute.Name.Space != "xmlns" && attribute.Name.Local != "xmlns" {
					held := &element{name: attribute.Name.Local}
					held.text.WriteString(attribute.Value)
					next.children = append(next.children, held)
				}
			}
			top.children = append(top.children, next)
			open = append(open, next)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text.Write(token)
		}
	}
	outside := open[0]
	if len(outside.children) != 1 || strings.TrimSpace(outside.text.String()) != "" {
		return nil, errors.New("want one root element")
	}
	return outside.children[0], nil
}

// object converts the children to fields.
func (e *element) object(schema *jsonschema.Schema) (map[string]any, error) {
	if len(e.children) > 0 && strings.TrimSpace(e.text.String()) != "" {
		return nil, fmt.Errorf("<%s> has text beside its elements", e.name)
	}
	fields := map[string]any{}
	for _, child := range e.children {
		var field *jsonschema.Schema
		if schema != nil {
			field = target(schema.Properties[child.name])
		}
		list := is(field, "array")
		if list {
			field = target(field.Items2020)
		}
		value, err := child.value(field)
		if err != nil {
			return nil, err
		}
		before, again := fields[child.name]
		several, _ := before.([]any)
		switch {
		case list, several != nil:
			fields[child.name] = append(several, value)
		case again && field != nil:
			return nil, fmt.Errorf("<%s> is there twice", child.name)
		case again:
			fields[child.name] = []any{before, value}
		default:
			fields[child.name] = value
		}
	}
	return fields, nil
}

func (e *element) value(schema *jsonschema.Schema) (any, error) {
	text := e.text.String()
	switch {
	case is(schema, "object"), len(e.children) > 0:
		return e.object(schema)
	case is(schema, "number"), is(schema, "integer"), is(schema, "boolean"):
		// Anything else stays text, and the schema refuses it.
		if plain := strings.TrimSpace(text); json.Valid([]byte(plain)) && !strings.ContainsAny(plain, `"[{n`) {
			return json.RawMessage(plain), nil
		}
	}
	return text, nil
}

// target resolves references.
func target(schema *jsonschema.Schema) *jsonschema.Schema {
	for schema != nil && schema.Ref != nil {
		schema = schema.Ref
	}
	return schema
}

func is(schema *jsonschema.Schema, name string) bool {
	return schema != nil && schema.Types != nil && slices.Contains(schema.Types.ToStrings(), name)
}
