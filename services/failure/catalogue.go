package failure

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Off is the variant of a failure that is off.
const Off = "off"

// Kind is the kind of a catalogue entry.
type Kind string

// The kinds. A failure breaks something, an experiment changes how the system works.
const (
	Failure    Kind = "failure"
	Experiment Kind = "experiment"
)

// Target selects the orders for which a key is switched on.
type Target string

// The targets. Order selects one order by the header X-Traceria-Failure on POST /order.
const (
	Everyone Target = "everyone"
	Percent  Target = "percent"
	Customer Target = "customer"
	Order    Target = "order"
)

// Entry is the catalogue's entry of a key.
type Entry struct {
	Key   Key    `yaml:"key" json:"key"`
	Kind  Kind   `yaml:"-" json:"kind"`
	Group string `yaml:"-" json:"group"`
	Title string `yaml:"title" json:"title"`
	// Breaks describes the effect. Where names the place of injection.
	Breaks string `yaml:"breaks" json:"breaks"`
	Where  string `yaml:"where" json:"where"`
	// Variants are the possible values. The first one is the default.
	Variants []string `yaml:"variants" json:"variants"`
	Targets  []Target `yaml:"targets" json:"targets"`
	// Crash reports that the failure ends the process. It is refused where all services share one process.
	Crash bool `yaml:"crash" json:"crash"`
	// Jaeger describes the resulting trace, Search finds it in Jaeger. A search uses our own tags: by error=true the
	// memory storage of Jaeger 2.13 finds only spans whose status is OK.
	Jaeger string `yaml:"jaeger" json:"jaeger"`
	Search string `yaml:"search" json:"search"`
	// Repair names the pattern that avoids the effect.
	Repair string `yaml:"repair" json:"repair"`
}

// Default returns the variant of a key that is not set.
func (e Entry) Default() string { return e.Variants[0] }

// First returns the variant for a key that is set without a variant.
func (e Entry) First() string { return e.Variants[1] }

// Allows reports whether the key may be switched on for the target.
func (e Entry) Allows(t Target) bool { return slices.Contains(e.Targets, t) }

// TargetNames returns the allowed targets as text, such as "everyone, percent".
func (e Entry) TargetNames() string {
	names := make([]string, len(e.Targets))
	for i, target := range e.Targets {
		names[i] = string(target)
	}
	return strings.Join(names, ", ")
}

// The errors for an unknown or forbidden setting. Callers tell them apart with errors.Is.
var (
	ErrUnknownKey     = errors.New("unknown key")
	ErrUnknownVariant = errors.New("unknown variant")
	ErrTarget         = errors.New("target not allowed")
)

//go:embed catalogue/*.yaml
var files embed.FS

var (
	catalogue = load()
	byKey     = index(catalogue)
)

// Catalogue returns every entry in display order.
func Catalogue() []Entry { return slices.Clone(catalogue) }

// Lookup returns the entry of the key. The error wraps [ErrUnknownKey] and lists the known keys.
func Lookup(key Key) (Entry, error) {
	if entry, ok := byKey[key]; ok {
		return entry, nil
	}
	names := make([]string, len(catalogue))
	for i, entry := range catalogue {
		names[i] = string(entry.Key)
	}
	perhaps := ""
	if near := nearest(string(key), names); near != "" {
		perhaps = "did you mean " + near + "? "
	}
	return Entry{}, fmt.Errorf("%w %.100q; %sthere are %s", ErrUnknownKey, key, perhaps, strings.Join(names, ", "))
}

// Choose returns the named variant, or [Entry.First] for an empty name. The error wraps [ErrUnknownVariant] and lists
// the variants.
func (e Entry) Choose(variant string) (string, error) {
	if variant == "" {
		return e.First(), nil
	}
	if slices.Contains(e.Variants, variant) {
		return variant, nil
	}
	return "", fmt.Errorf("%w %.100q of %s; there are %s", ErrUnknownVariant, variant, e.Key, strings.Join(e.Variants, ", "))
}

func index(entries []Entry) map[Key]Entry {
	m := make(map[Key]Entry, len(entries))
	for _, entry := range entries {
		m[entry.Key] = entry
	}
	return m
}

// load reads the embedded catalogue. It panics on a mistake, so any test of the program finds it.
func load() []Entry {
	var all []Entry
	names, _ := fs.Glob(files, "catalogue/*.yaml")
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err)
		}
		var part []Entry
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&part); err != nil {
			panic(fmt.Errorf("%s: %w", name, err))
		}
		_, group, _ := strings.Cut(strings.TrimSuffix(name, ".yaml"), "-")
		for _, entry := range part {
			entry.Group, entry.Kind = group, Failure
			if group == string(Experiment) {
				entry.Kind = Experiment
			} else {
				entry.Variants = append([]string{Off}, entry.Variants...)
			}
			all = append(all, entry)
		}
	}
	return all
}
