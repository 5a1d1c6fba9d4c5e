package failure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrFile is wrapped by every error about an unusable flag file.
var ErrFile = errors.New("the flag file cannot be used")

// longestFile is the size limit of a flag file, in bytes.
const longestFile = 1 << 20

const schemaURL = "https://flagd.dev/schema/v0/flags.json"

// document is a flag file of flagd (https://flagd.dev/reference/flag-definitions/). It keeps unknown flags and fields
// unchanged.
type document struct {
	fields map[string]json.RawMessage
	flags  map[Key]flag
}

// flag is one flag of the file.
type flag map[string]json.RawMessage

// newDocument returns a document with every key of the catalogue at its default.
func newDocument() document {
	d := document{fields: map[string]json.RawMessage{"$schema": encode(schemaURL)}, flags: map[Key]flag{}}
	for _, entry := range catalogue {
		d.flags[entry.Key] = newFlag(entry)
	}
	return d
}

func newFlag(entry Entry) flag {
	variants := map[string]string{}
	for _, variant := range entry.Variants {
		variants[variant] = variant
	}
	return flag{
		"state": encode("ENABLED"), "variants": encode(variants), "defaultVariant": encode(entry.Default()),
		"metadata": encode(map[string]string{
			"title": entry.Title, "breaks": entry.Breaks, "where": entry.Where, "jaeger": entry.Jaeger,
			"search": entry.Search, "repair": entry.Repair, "targets": entry.TargetNames(),
		}),
	}
}

// parse reads a flag file. A flag of the catalogue may lack variants but may not add any. Unknown flags are not checked
// for their variants. The error wraps [ErrFile].
func parse(text []byte) (document, error) {
	d, err := read(text)
	if err != nil {
		return document{}, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return d, nil
}

func read(text []byte) (document, error) {
	d := document{}
	if len(text) > longestFile {
		return d, fmt.Errorf("the file has more than %d bytes", longestFile)
	}
	if err := json.Unmarshal(text, &d.fields); err != nil {
		return d, err
	}
	if err := json.Unmarshal(d.fields["flags"], &d.flags); err != nil {
		return d, fmt.Errorf("flags: %w", err)
	}
	if d.flags == nil {
		return d, errors.New("flags: missing")
	}
	delete(d.fields, "flags")
	for _, name := range []string{"$evaluators", "metadata"} {
		if !isObject(d.fields[name]) {
			return d, fmt.Errorf("%s: want an object", name)
		}
	}
	for key, f := range d.flags {
		if err := f.checkForm(); err != nil { // flagd would reject the whole file
			return d, fmt.Errorf("%s: %w", key, err)
		}
		if entry, ok := byKey[key]; ok {
			if err := f.check(entry); err != nil {
				return d, fmt.Errorf("%s: %w", key, err)
			}
			if err := f.checkRule(d.fields["$evaluators"]); err != nil {
				return d, fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return d, nil
}

// checkForm checks the fields that flagd requires of every flag, unknown flags included.
func (f flag) checkForm() error {
	if state := f.text("state"); state != "ENABLED" && state != "DISABLED" {
		return errors.New("state: want ENABLED or DISABLED")
	}
	for _, name := range []string{"variants", "targeting", "metadata"} {
		if !isObject(f[name]) {
			return fmt.Errorf("%s: want an object", name)
		}
	}
	return nil
}

// isObject reports whether the value is a JSON object or missing.
func isObject(value json.RawMessage) bool {
	var object map[string]json.RawMessage
	return value == nil || json.Unmarshal(value, &object) == nil
}

func (f flag) check(entry Entry) error {
	var variants map[string]string
	if err := json.Unmarshal(f["variants"], &variants); err != nil {
		return fmt.Errorf("variants: %w", err)
	}
	for name, value := range variants {
		if _, err := entry.Choose(name); err != nil || name != value {
			return fmt.Errorf("variants: %q: %q: want the same text twice, one of %s", name, value, strings.Join(entry.Variants, ", "))
		}
	}
	if _, ok := variants[f.text("defaultVariant")]; !ok {
		return errors.New("defaultVariant: want one of the flag's variants")
	}
	return nil
}

// text returns the string value of a field, or "".
func (f flag) text(name string) (text string) {
	_ = json.Unmarshal(f[name], &text)
	return text
}

// bytes encodes the document: the keys of the catalogue first, in its order, then the other flags.
func (d document) bytes() []byte {
	var out bytes.Buffer
	out.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(d.fields)) {
		fmt.Fprintf(&out, "%s:%s,", encode(name), d.fields[name])
	}
	out.WriteString(`"flags":{`)
	comma := ""
	for _, key := range d.keys() {
		fmt.Fprintf(&out, "%s%s:%s", comma, encode(string(key)), encode(d.flags[key]))
		comma = ","
	}
	out.WriteString("}}")
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, out.Bytes(), "", "  "); err != nil {
		panic(err) // every part was decoded or encoded before
	}
	pretty.WriteByte('\n')
	return pretty.Bytes()
}

func (d document) keys() []Key {
	var keys []Key
	for _, entry := range catalogue {
		if _, ok := d.flags[entry.Key]; ok {
			keys = append(keys, entry.Key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.flags)) {
		if _, ok := byKey[key]; !ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// encode returns v as JSON without escaping < and >. It panics if v cannot be encoded.
func encode(v any) json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(out.Bytes())
}
