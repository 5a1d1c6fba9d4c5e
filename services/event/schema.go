package event

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed schema/*.json
var schemas embed.FS

// Schema returns the JSON Schema (2020-12) of a type's data as text. It fails if the type has none.
func Schema(t Type) ([]byte, error) {
	text, err := schemas.ReadFile("schema/" + t.Kebab() + "." + t.Version + ".json")
	if err != nil {
		return nil, fmt.Errorf("%s has no schema: %w", t, err)
	}
	return text, nil
}

// compiled returns the compiled schemas of the catalogue. It compiles once: compiling costs a thousand times more than
// checking.
var compiled = sync.OnceValues(func() (map[Type]*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	ready := make(map[Type]*jsonschema.Schema, len(Catalogue))
	for _, t := range Catalogue {
		text, err := Schema(t)
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("read the schema of %s: %w", t, err)
		}
		if err := compiler.AddResource(t.urn(), document); err != nil {
			return nil, fmt.Errorf("read the schema of %s: %w", t, err)
		}
		if ready[t], err = compiler.Compile(t.urn()); err != nil {
			return nil, fmt.Errorf("compile the schema of %s: %w", t, err)
		}
	}
	return ready, nil
})

// urn returns the $id of the type's schema.
func (t Type) urn() string { return "urn:traceria:event:" + t.Kebab() + ":" + t.Version }

// Refusal is the error of an event that may not be published, or of data that breaks its contract.
type Refusal struct {
	// Name and Version are those of the event, as its sender wrote them.
	Name, Version string
	// Field is the wrong field as it is called in JSON (items[0].quantity). It is empty if the event itself is wrong.
	Field string
	// Rule is the broken JSON Schema keyword, such as required or minimum, or one of the two below.
	Rule string
	// Reason says in words what is wrong.
	Reason string
}

// The rules that are not keywords of JSON Schema: the event is not in the catalogue; the payload's Validate refuses it.
const (
	RuleRegistered = "registered"
	RuleMeaning    = "meaning"
)

// Error implements error.
func (r *Refusal) Error() string {
	text := r.Name + " " + r.Version + ": "
	if r.Field != "" && r.Rule != RuleMeaning {
		text += r.Field + ": "
	}
	return text + r.Reason + " (rule: " + r.Rule + ")"
}

// ErrorType is the error.type on a span.
func (*Refusal) ErrorType() string { return "event_refused" }

// check validates data against the schema of its type. The error is a [Refusal].
func check(t Type, data []byte) error {
	ready, err := compiled()
	if err != nil {
		return err
	}
	schema, known := ready[t]
	if !known {
		return &Refusal{Name: t.Name, Version: t.Version, Rule: RuleRegistered, Reason: "is not in the catalogue"}
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data)) // keeps numbers decimal: money is never a float
	if err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	var wrong *jsonschema.ValidationError
	if err := schema.Validate(document); errors.As(err, &wrong) {
		return refusal(t, wrong)
	} else if err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	return nil
}

// refusal returns the first error of a validation.
func refusal(t Type, wrong *jsonschema.ValidationError) *Refusal {
	for len(wrong.Causes) > 0 {
		wrong = wrong.Causes[0]
	}
	r := &Refusal{
		Name: t.Name, Version: t.Version, Field: fieldAt(wrong.InstanceLocation), Rule: "schema",
		Reason: wrong.ErrorKind.LocalizedString(message.NewPrinter(language.English)),
	}
	if path := wrong.ErrorKind.KeywordPath(); len(path) > 0 {
		r.Rule = path[0]
	}
	if missing, ok := wrong.ErrorKind.(*kind.Required); ok {
		r.Field, r.Reason = fieldAt(append(wrong.InstanceLocation, missing.Missing[0])), "is missing"
	}
	return r
}

// fieldAt formats a location in a document: items[0].quantity.
func fieldAt(location []string) string {
	var b strings.Builder
	for _, part := range location {
		switch _, err := strconv.Atoi(part); {
		case err == nil:
			b.WriteString("[" + part + "]")
		case b.Len() > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// write encodes a payload. It refuses one that is not registered, that its Validate refuses, or that breaks its schema.
func write(form Payload) (json.RawMessage, error) {
	t := form.Type()
	if _, err := Lookup(t.Name, t.Version); err != nil {
		return nil, &Refusal{Name: t.Name, Version: t.Version, Rule: RuleRegistered, Reason: "is not in the catalogue"}
	}
	if err := form.Validate(); err != nil {
		field, _, _ := strings.Cut(err.Error(), " ") // the error begins with the field
		return nil, &Refusal{Name: t.Name, Version: t.Version, Field: strings.TrimSuffix(field, ":"), Rule: RuleMeaning, Reason: err.Error()}
	}
	data, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", t, err)
	}
	return data, check(t, data)
}

// annotations are the keywords of a schema that describe the event, not its data.
type annotations struct {
	Deprecated bool
	Style      string `json:"x-style"`
}

var annotated = sync.OnceValue(func() map[Type]annotations {
	found := map[Type]annotations{}
	for _, t := range Catalogue {
		var a annotations
		if text, err := Schema(t); err == nil && json.Unmarshal(text, &a) == nil {
			found[t] = a
		}
	}
	return found
})

// Deprecated reports whether an accepted RFC (rfc/) has announced the end of this version.
func (t Type) Deprecated() bool { return annotated()[t].Deprecated }

// Fat reports whether the event carries the state that its consumers need ("x-style": "fat" in the schema). A sparse event
// carries ids only.
func (t Type) Fat() bool { return annotated()[t].Style == Fat }

//go:embed released/DIGESTS
var ledger string

// Released reports whether the version is released (released/). An unreleased schema may change freely.
func (t Type) Released() bool {
	return strings.Contains(ledger, "  "+t.Kebab()+"."+t.Version+".json\n")
}
