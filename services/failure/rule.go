package failure

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// deepest limits the nesting of a rule, also through $ref.
const deepest = 100

// rule checks a rule before it is used: flagd evaluates a wrong rule to nothing, and tells it in its own log at most.
type rule struct {
	entry      Entry
	variants   map[string]string
	evaluators map[string]any
}

// checkRule returns an error if the rule has an unknown operator, a $ref without an evaluator, or a result that is no
// variant of the flag.
func (f flag) checkRule(entry Entry, variants map[string]string, evaluators map[string]any) error {
	var targeting any
	if err := json.Unmarshal(f["targeting"], &targeting); err != nil || targeting == nil {
		return nil //nolint:nilerr // there is no rule; checkForm has read it
	}
	if fields, ok := targeting.(object); ok && len(fields) == 0 {
		return nil
	}
	r := rule{entry, variants, evaluators}
	if err := r.operators(targeting, 0); err != nil {
		return fmt.Errorf("targeting: %w", err)
	}
	if err := r.result(targeting, 0); err != nil {
		return fmt.Errorf("targeting: %w", err)
	}
	return nil
}

// The operators of JSON logic and flagd, by what they give.
var (
	decisions  = []string{"==", "===", "!=", "!==", "!", "!!", "<", "<=", ">", ">=", "in", "all", "none", "some", "starts_with", "ends_with", "sem_ver"}
	numbers    = []string{"+", "-", "*", "/", "%", "abs"}
	lists      = []string{"map", "filter", "merge", "missing", "missing_some"}
	anything   = []string{"if", "?:", "and", "or", "var", "set", "cat", "substr", "max", "min", "reduce", "fractional", "fractionalEvaluation", "$ref"}
	everything = slices.Concat(anything, decisions, numbers, lists)
)

// operators checks the operators and the references in every part of the rule.
func (r rule) operators(part any, depth int) error {
	if depth > deepest {
		return fmt.Errorf("more than %d levels, or a $ref to itself", deepest)
	}
	switch part := part.(type) {
	case []any:
		for _, one := range part {
			if err := r.operators(one, depth+1); err != nil {
				return err
			}
		}
	case object:
		operator, argument, err := only(part)
		if err != nil {
			return err
		}
		if operator == "$ref" {
			if argument, err = r.refer(argument); err != nil {
				return err
			}
		}
		return r.operators(argument, depth+1)
	}
	return nil
}

// only returns the operator of an expression and its argument.
func only(expression object) (operator string, argument any, err error) {
	names := slices.Sorted(maps.Keys(expression))
	if len(names) != 1 {
		return "", nil, fmt.Errorf("an object has the fields %.200q; want one operator", names)
	}
	if !slices.Contains(everything, names[0]) {
		return "", nil, fmt.Errorf("unknown operator %.100q; there are %s", names[0], strings.Join(everything, ", "))
	}
	return names[0], expression[names[0]], nil
}

func (r rule) refer(name any) (any, error) {
	if found, ok := r.evaluators[fmt.Sprint(name)]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("$ref %.100q: $evaluators has no such rule; it has %q", fmt.Sprint(name), slices.Sorted(maps.Keys(r.evaluators)))
}

// result checks every value that the part may give and that is known without an order. null gives the default.
func (r rule) result(part any, depth int) error {
	switch part := part.(type) {
	case nil:
		return nil
	case string:
		return r.isVariant(part)
	case object:
		operator, argument, err := only(part)
		if err != nil || depth > deepest {
			return err
		}
		return r.resultOf(operator, argument, depth)
	default:
		return fmt.Errorf("the result is %.100s; want a variant, one of %s", encode(part), r.allowed())
	}
}

func (r rule) resultOf(operator string, argument any, depth int) error {
	list, isList := argument.([]any)
	if !isList {
		list = []any{argument}
	}
	switch {
	case operator == "$ref":
		found, err := r.refer(argument)
		if err != nil {
			return err
		}
		return r.result(found, depth+1)
	case len(list) == 0 || list[0] == nil && !isList:
		return fmt.Errorf("%q has no arguments", operator)
	case operator == "if", operator == "?:":
		return r.branches(list, depth)
	case operator == "fractional", operator == "fractionalEvaluation":
		return r.shares(list)
	case operator == "and", operator == "or": // they give one of their arguments
		for _, one := range list {
			if text, ok := one.(string); ok {
				if err := r.isVariant(text); err != nil {
					return err
				}
			}
		}
		return nil
	case slices.Contains(decisions, operator), slices.Contains(numbers, operator), slices.Contains(lists, operator):
		return fmt.Errorf("the result of %q is no text; want a variant, one of %s", operator, r.allowed())
	}
	return nil // only the order decides
}

// branches checks the results of an if: [condition, result, condition, result, …, otherwise].
func (r rule) branches(list []any, depth int) error {
	for i, one := range list {
		if i%2 == 0 && i != len(list)-1 {
			continue // a condition
		}
		if i%2 == 0 && len(list)%2 == 0 {
			continue
		}
		if err := r.result(one, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// shares checks a distribution: [value to hash, [variant, weight], …].
func (r rule) shares(list []any) error {
	total := 0.0
	for i, one := range list {
		share, ok := one.([]any)
		if !ok && i == 0 {
			continue
		}
		weight := 1.0
		if ok && len(share) > 1 {
			weight, ok = share[1].(float64)
		}
		if !ok || len(share) == 0 || len(share) > 2 || weight < 0 || weight != float64(int(weight)) {
			return fmt.Errorf("fractional: %.100s; want [variant, weight] with a whole number from 0", encode(one))
		}
		total += weight
		if err := r.result(share[0], 0); err != nil {
			return fmt.Errorf("fractional: %w", err)
		}
	}
	if total == 0 {
		return errors.New("fractional: the weights add up to 0; want more")
	}
	return nil
}

func (r rule) isVariant(name string) error {
	if _, ok := r.variants[name]; ok {
		return nil
	}
	return fmt.Errorf("unknown variant %.100q; want one of %s", name, r.allowed())
}

// allowed returns the variants that the flag has, in the order of the catalogue.
func (r rule) allowed() string {
	return strings.Join(slices.DeleteFunc(slices.Clone(r.entry.Variants), func(name string) bool {
		_, ok := r.variants[name]
		return !ok
	}), ", ")
}
