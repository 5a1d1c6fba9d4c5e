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
		"metadata": metadata(entry, false),
	}
}

// metadata has the texts of the entry, and whether its marks are withheld.
func metadata(entry Entry, unmarked bool) json.RawMessage {
	about := map[string]any{
		"title": entry.Title, "breaks": entry.Breaks, "where": entry.Where, "jaeger": entry.Jaeger,
		"search": entry.Search, "repair": entry.Repair, "targets": entry.TargetNames(),
	}
	if unmarked {
		about[unmarkedKey] = true
	}
	return encode(about)
}

// parse reads a flag file. A flag of the catalogue may lack variants but may not add any, and its rule may give only what it
// has. The error wraps [ErrFile].
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
	if err := checkNames(d.fields, "flags", "$evaluators", "metadata"); err != nil {
		return d, err
	}
	if !isObject(d.fields["metadata"]) {
		return d, errors.New("metadata: want an object")
	}
	evaluators, err := d.readEvaluators()
	if err != nil {
		return d, fmt.Errorf("$evaluators: %w", err)
	}
	for _, key := range d.keys() {
		if err := d.flags[key].check(key, evaluators); err != nil {
			return d, fmt.Errorf("%.100s: %w", key, err)
		}
	}
	return d, nil
}

// check checks a flag, and more of a flag of the catalogue.
func (f flag) check(key Key, evaluators map[string]any) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := f.checkForm(); err != nil { // flagd would reject the whole file
		return err
	}
	entry, ok := byKey[key]
	if !ok {
		return f.checkModel()
	}
	variants, err := f.checkVariants(entry)
	if err != nil {
		return err
	}
	if err := f.checkModel(); err != nil {
		return err
	}
	return f.checkRule(entry, variants, evaluators)
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

// checkVariants returns the variants of a flag of the catalogue.
func (f flag) checkVariants(entry Entry) (map[string]string, error) {
	var variants map[string]string
	if err := json.Unmarshal(f["variants"], &variants); err != nil {
		return nil, fmt.Errorf("variants: want texts, such as {%q: %q}", entry.Default(), entry.Default())
	}
	for name, value := range variants {
		if _, err := entry.Choose(name); err != nil || name != value || name == "" {
			return nil, fmt.Errorf("variants: %.100q: %.100q: want the same text twice, one of %s", name, value, strings.Join(entry.Variants, ", "))
		}
	}
	if standing := f.text("defaultVariant"); variants[standing] == "" {
		return nil, fmt.Errorf("defaultVariant: unknown variant %.100q; want one of %s", standing, rule{entry: entry, variants: variants}.allowed())
	}
	return variants, nil
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
