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

// Off is the variant of a failure that is not switched on.
const Off = "off"

// A Kind is what an entry of the catalogue is.
type Kind string

// The kinds: a failure breaks something, an experiment shows another way of doing it.
const (
	Failure    Kind = "failure"
	Experiment Kind = "experiment"
)

// A Target is for whom a key may be switched on.
type Target string

// The targets. Order is one order only, by the header X-Traceria-Failure on POST /order.
const (
	Everyone Target = "everyone"
	Percent  Target = "percent"
	Customer Target = "customer"
	Order    Target = "order"
)

// Entry is what the catalogue says about a key.
type Entry struct {
	Key   Key    `yaml:"key" json:"key"`
	Kind  Kind   `yaml:"-" json:"kind"`
	Group string `yaml:"-" json:"group"`
	Title string `yaml:"title" json:"title"`
	// Breaks is what goes wrong, and Where is where it is injected.
	Breaks string `yaml:"breaks" json:"breaks"`
	Where  string `yaml:"where" json:"where"`
	// Variants are what it may be set to; the first is what holds when nothing is set.
	Variants []string `yaml:"variants" json:"variants"`
	Targets  []Target `yaml:"targets" json:"targets"`
	// Crash is set when it ends the process: where all services share one, it is refused.
	Crash bool `yaml:"crash" json:"crash"`
	// Jaeger is what Jaeger shows, and Search is how to find it there. A search is by tags that are there as such: by
	// error=true, Jaeger 2.13's memory storage finds only spans whose status is OK.
	Jaeger string `yaml:"jaeger" json:"jaeger"`
	Search string `yaml:"search" json:"search"`
	// Repair is the pattern that repairs it.
	Repair string `yaml:"repair" json:"repair"`
}

// Default is the variant that holds when nothing is set.
func (e Entry) Default() string { return e.Variants[0] }

// First is the variant that a key is set to by its name alone.
func (e Entry) First() string { return e.Variants[1] }

// Allows says whether the key may be switched on for the target.
func (e Entry) Allows(t Target) bool { return slices.Contains(e.Targets, t) }

// TargetNames are the targets for people: "everyone, percent".
func (e Entry) TargetNames() string {
	names := make([]string, len(e.Targets))
	for i, target := range e.Targets {
		names[i] = string(target)
	}
	return strings.Join(names, ", ")
}

// Errors that a caller may want to tell apart: what was asked for does not exist, or is not allowed.
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

// Catalogue is every entry, in the order in which people read it.
func Catalogue() []Entry { return slices.Clone(catalogue) }

// Lookup finds an entry. The error wraps [ErrUnknownKey] and names the keys there are.
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

// Choose is the variant that the entry is to be set to: the named one, or [Entry.First] for an empty name. The error
// wraps [ErrUnknownVariant] and names the variants there are.
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

// load reads the embedded catalogue. It is part of the program: what is wrong with it is found by every test.
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
