package failure

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ruleOperators are those of JSON logic and of flagd (https://flagd.dev/reference/custom-operations/fractional-operation/). flagd
// evaluates a rule with another operator to an error each time, and the flag keeps its default without a word.
var ruleOperators = strings.Fields(`var missing missing_some if ?: == === != !== ! !! or and > >= < <= max min + - * / % map filter reduce
	all none some merge in cat substr log fractional starts_with ends_with sem_ver $ref`)

// rule checks the targeting of one flag.
type rule struct {
	variants   []string
	evaluators map[string]json.RawMessage
	depth      int
}

// checkRule refuses a rule that names a variant that the flag does not have, at a place where the rule's result is made. Such a
// branch cannot work. An empty rule is right.
func (f flag) checkRule(evaluators json.RawMessage) error {
	if f.text("state") == "DISABLED" || f["targeting"] == nil {
		return nil
	}
	r := rule{evaluators: map[string]json.RawMessage{}}
	var variants map[string]json.RawMessage
	_ = json.Unmarshal(f["variants"], &variants)
	r.variants = slices.Sorted(maps.Keys(variants))
	if evaluators != nil {
		_ = json.Unmarshal(evaluators, &r.evaluators)
	}
	var targeting any
	if err := json.Unmarshal(f["targeting"], &targeting); err != nil {
		return fmt.Errorf("targeting: %w", err)
	}
	if logic, ok := targeting.(map[string]any); ok && len(logic) == 0 {
		return nil
	}
	if err := r.result(targeting); err != nil {
		return fmt.Errorf("targeting: %w", err)
	}
	return nil
}

// deepest bounds how deep rules refer to each other.
const deepest = 100

// result checks an expression whose value is the result of the rule. null means the default variant. What an expression such as
// var or cat gives is not known before.
func (r rule) result(value any) error {
	if r.depth++; r.depth > deepest {
		return fmt.Errorf("is nested more than %d deep", deepest)
	}
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		if !slices.Contains(r.variants, v) {
			return fmt.Errorf("gives %.60q, want one of the flag's variants: %s", v, strings.Join(r.variants, ", "))
		}
		return nil
	case map[string]any:
		return r.operation(v)
	default:
		text, _ := json.Marshal(v)
		return fmt.Errorf("gives %.60s, want one of the flag's variants: %s", text, strings.Join(r.variants, ", "))
	}
}

func (r rule) operation(logic map[string]any) error {
	if len(logic) != 1 {
		return fmt.Errorf("has an object with %d operators, want one", len(logic))
	}
	for name, arguments := range logic {
		if !slices.Contains(ruleOperators, name) {
			return fmt.Errorf("has the operator %.60q, want one of %s", name, strings.Join(ruleOperators, " "))
		}
		list, isList := arguments.([]any)
		switch {
		case name == "$ref":
			return r.reference(arguments)
		case name == "fractional" && isList:
			return r.fractional(list)
		case (name == "if" || name == "?:") && isList:
			return r.branches(list)
		case (name == "or" || name == "and") && isList:
			return nil // the value may be that of a condition
		}
	}
	return nil
}

// branches checks the results of if: condition, result, …, and the last one without a condition.
func (r rule) branches(list []any) error {
	for i, value := range list {
		if i%2 == 1 || i == len(list)-1 {
			if err := r.result(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// fractional checks the variants of a distribution: [variant, weight], after an optional expression for the bucket.
func (r rule) fractional(list []any) error {
	for i, value := range list {
		share, isShare := value.([]any)
		if !isShare && i == 0 {
			continue
		}
		if !isShare || len(share) == 0 || len(share) > 2 {
			return fmt.Errorf("has a fractional whose part %d is no [variant, weight]", i+1)
		}
		if err := r.result(share[0]); err != nil {
			return err
		}
		if len(share) == 2 {
			if _, isNumber := share[1].(float64); !isNumber {
				if _, isLogic := share[1].(map[string]any); !isLogic {
					return fmt.Errorf("has a fractional whose weight %d is no number", i+1)
				}
			}
		}
	}
	return nil
}

func (r rule) reference(name any) error {
	text, _ := name.(string)
	shared, known := r.evaluators[text]
	if !known {
		return fmt.Errorf("refers to %.60q, which $evaluators does not have", text)
	}
	var value any
	if err := json.Unmarshal(shared, &value); err != nil {
		return fmt.Errorf("$evaluators: %q: %w", text, err)
	}
	return r.result(value)
}
