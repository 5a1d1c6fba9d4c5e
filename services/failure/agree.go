package failure

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-feature/flagd/core/pkg/model"
)

// The checks of this file refuse what flagd would refuse, or read in another way.

// evaluatorName matches a name that flagd can find: it puts the name into a regular expression.
var evaluatorName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// readEvaluators returns the shared rules. flagd replaces "$ref" in the text of the file, and loses a $ in a shared rule.
func (d document) readEvaluators() (map[string]any, error) {
	var raw map[string]json.RawMessage
	if d.fields["$evaluators"] != nil {
		if err := json.Unmarshal(d.fields["$evaluators"], &raw); err != nil {
			return nil, errors.New("want an object")
		}
	}
	read := map[string]any{}
	for name, text := range raw {
		var one object
		switch err := json.Unmarshal(text, &one); {
		case !evaluatorName.MatchString(name):
			return nil, fmt.Errorf("%.100q: want a name of letters, digits and _ . -", name)
		case err != nil || len(one) != 1:
			return nil, fmt.Errorf("%s: want an object with one operator", name)
		case strings.Contains(string(text), "$"):
			return nil, fmt.Errorf("%s: want no $ in it: flagd cannot read a $ref or $flagd there", name)
		}
		read[name] = one
	}
	return read, nil
}

// checkNames refuses a field that differs from a known one in case only: flagd ignores the case.
func checkNames(fields map[string]json.RawMessage, known ...string) error {
	for name := range fields {
		for _, right := range known {
			if name != right && strings.EqualFold(name, right) {
				return fmt.Errorf("%s: want %s", name, right)
			}
		}
	}
	return nil
}

// checkModel reads the flag as flagd does.
func (f flag) checkModel() error {
	if err := checkNames(f, "state", "defaultVariant", "variants", "targeting", "source", "selector", "metadata"); err != nil {
		return err
	}
	var read model.Flag
	if err := json.Unmarshal(encode(f), &read); err != nil {
		wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
		if !ok {
			return err
		}
		return fmt.Errorf("%s: got a JSON %s; want a text", wrong.Field, wrong.Value)
	}
	if _, ok := read.Variants[read.DefaultVariant]; !ok {
		return errors.New("defaultVariant: want one of the flag's variants")
	}
	return nil
}

// mistakes is the number of typing errors up to which a key is taken for one of the catalogue.
const mistakes = 2

// checkKey refuses a key that looks like a misspelt key of the catalogue: it would change nothing.
func checkKey(key Key) error {
	if _, known := byKey[key]; known || len(key) > longestKey {
		return nil
	}
	i := slices.IndexFunc(catalogue, func(entry Entry) bool {
		return distance(strings.ToLower(string(key)), string(entry.Key)) <= mistakes
	})
	if i < 0 {
		return nil
	}
	return fmt.Errorf("unknown key; did you mean %s? A flag of your own needs a name that is less similar", catalogue[i].Key)
}
