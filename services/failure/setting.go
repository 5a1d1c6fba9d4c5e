package failure

import (
	"encoding/json"
	"fmt"
	"reflect"

	"traceria/services/event"
)

// Custom is the reported variant of a key with a hand-written rule.
const Custom = "custom"

// Setting is a variant and its target: a Percent of the orders (1 to 100), one Customer, or everyone.
type Setting struct {
	Variant  string `json:"variant"`
	Percent  int    `json:"percent,omitempty"`
	Customer string `json:"customer,omitempty"`
	// Unmarked withholds the marks from the spans: the failure must be found by what it does.
	Unmarked bool `json:"unmarked,omitempty"`
}

// Status is a key with its setting. Active is nil for the default.
type Status struct {
	Key      Key      `json:"key"`
	Kind     Kind     `json:"kind"`
	Title    string   `json:"title"`
	Variants []string `json:"variants"`
	Default  string   `json:"default"`
	Active   *Setting `json:"active"`
}

// Status returns the entry's status with the setting active.
func (e Entry) Status(active *Setting) Status {
	return Status{Key: e.Key, Kind: e.Kind, Title: e.Title, Variants: e.Variants, Default: e.Default(), Active: active}
}

// longestCustomer limits a customer's id, in bytes.
const longestCustomer = 256

// check completes and validates the setting. The error wraps [ErrUnknownVariant] or [ErrTarget].
func (s Setting) check(entry Entry) (Setting, error) {
	variant, err := entry.Choose(s.Variant)
	if err != nil {
		return s, err
	}
	s.Variant = variant
	target := Everyone
	switch {
	case s.Percent != 0 && s.Customer != "":
		return s, fmt.Errorf("%w: want percent or customer, not both", ErrTarget)
	case s.Percent < 0 || s.Percent > 100:
		return s, fmt.Errorf("%w: %d percent: want a whole number from 1 to 100", ErrTarget, s.Percent)
	case s.Percent != 0:
		target = Percent
	case s.Customer != "":
		target = Customer
	}
	switch {
	case s.Variant == entry.Default() && target != Everyone:
		return s, fmt.Errorf("%w: %s is the default of %s and can be set for everyone only", ErrTarget, s.Variant, entry.Key)
	case s.Variant != entry.Default() && !entry.Allows(target):
		return s, fmt.Errorf("%w: %s can be set for %s, not for %s", ErrTarget, entry.Key, entry.TargetNames(), target)
	case len(s.Customer) > longestCustomer:
		return s, fmt.Errorf("%w: want a customer id of at most %d bytes", ErrTarget, longestCustomer)
	}
	if err := event.CheckText(s.Customer); err != nil {
		return s, fmt.Errorf("%w: the customer id %w", ErrTarget, err)
	}
	return s, nil
}

// rule returns the setting as flagd's JSON logic, or nil for everyone.
func (s Setting) rule(entry Entry) any {
	switch {
	case s.Percent > 0:
		// The bucket depends on flag and order, so two keys hit different orders. Without an order the rule gives null,
		// the default variant.
		return object{"if": []any{
			object{"var": "order"},
			object{"fractional": []any{
				object{"cat": []any{object{"var": "$flagd.flagKey"}, object{"var": "order"}}},
				[]any{s.Variant, float64(s.Percent)},
				[]any{entry.Default(), float64(100 - s.Percent)},
			}},
		}}
	case s.Customer != "":
		return object{"if": []any{object{"==": []any{object{"var": "customer"}, s.Customer}}, s.Variant}}
	}
	return nil
}

type object = map[string]any

// apply writes the setting into the flag.
func (f flag) apply(entry Entry, s Setting) {
	f["state"], f["defaultVariant"] = encode("ENABLED"), encode(entry.Default())
	fresh := newFlag(entry)
	f["variants"] = fresh["variants"]
	if s.Unmarked || f.unmarked() {
		f["metadata"] = metadata(entry, s.Unmarked)
	}
	delete(f, "targeting")
	if rule := s.rule(entry); rule != nil {
		f["targeting"] = encode(rule)
	} else {
		f["defaultVariant"] = encode(s.Variant)
	}
}

// active returns the flag's setting, or nil for the default. It is [Custom] for a rule that [Setting.rule] does not
// produce.
func (f flag) active(entry Entry) *Setting {
	if f == nil || f.text("state") == "DISABLED" {
		return nil
	}
	var rule object
	_ = json.Unmarshal(f["targeting"], &rule)
	standing := f.text("defaultVariant")
	if len(rule) == 0 {
		if standing == entry.Default() {
			return nil
		}
		return &Setting{Variant: standing, Unmarked: f.unmarked()}
	}
	for _, s := range guesses(rule) {
		if standing == entry.Default() && reflect.DeepEqual(rule, s.rule(entry)) {
			s.Unmarked = f.unmarked()
			return &s
		}
	}
	return &Setting{Variant: Custom}
}

// guesses returns the settings that the rule may express.
func guesses(rule object) []Setting {
	parts, _ := rule["if"].([]any)
	if len(parts) != 2 {
		return nil
	}
	if variant, ok := parts[1].(string); ok {
		condition, _ := parts[0].(object)
		equal, _ := condition["=="].([]any)
		if len(equal) == 2 {
			customer, _ := equal[1].(string)
			return []Setting{{Variant: variant, Customer: customer}}
		}
		return nil
	}
	fractional, _ := parts[1].(object)
	shares, _ := fractional["fractional"].([]any)
	if len(shares) != 3 {
		return nil
	}
	share, _ := shares[1].([]any)
	if len(share) != 2 {
		return nil
	}
	variant, _ := share[0].(string)
	percent, _ := share[1].(float64)
	return []Setting{{Variant: variant, Percent: int(percent)}}
}

// unmarkedKey is the member of a flag's metadata that withholds the marks. flagd hands the metadata to each evaluation.
const unmarkedKey = "unmarked"

// unmarked reports whether the flag's marks are withheld.
func (f flag) unmarked() bool {
	var about map[string]any
	_ = json.Unmarshal(f["metadata"], &about)
	return about[unmarkedKey] == true
}
