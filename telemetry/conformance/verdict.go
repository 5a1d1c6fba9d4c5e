package conformance

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// Result is the result of a rule.
type Result string

// The results. A rule that cannot be decided is not seen.
const (
	OK      Result = "ok"
	Old     Result = "old conventions"
	Wrong   Result = "wrong"
	NotSeen Result = "not seen"
)

// weight orders results: of several spans, or of several messages, the heaviest result counts.
func (r Result) weight() int { return slices.Index([]Result{NotSeen, OK, Old, Wrong}, r) }

// Verdict is the result of one rule.
type Verdict struct {
	// Rule is the short name of the rule, for example parent-or-link, or the name of an attribute.
	Rule   string `json:"rule"`
	Result Result `json:"result"`
	// Detail says what was found, and what is expected if that differs.
	Detail string `json:"detail"`
	// Source says where the rule comes from.
	Source string `json:"source"`
}

// Holds reports whether no rule is wrong. Old conventions hold.
func Holds(verdicts []Verdict) bool {
	return !slices.ContainsFunc(verdicts, func(v Verdict) bool { return v.Result == Wrong })
}

// Current reports whether [Holds], and no rule holds under an old name only.
func Current(verdicts []Verdict) bool {
	return Holds(verdicts) && !slices.ContainsFunc(verdicts, func(v Verdict) bool { return v.Result == Old })
}

// Merge returns one verdict for each rule from the verdicts on several messages: the heaviest result, with the message that
// has it. The order is that of the first list.
func Merge(messages ...[]Verdict) []Verdict {
	var merged []Verdict
	at := map[string]int{}
	for i, verdicts := range messages {
		for _, v := range verdicts {
			known, ok := at[v.Rule]
			switch {
			case !ok:
				at[v.Rule] = len(merged)
				merged = append(merged, named(v, i, len(messages)))
			case v.Result.weight() > merged[known].Result.weight():
				merged[known] = named(v, i, len(messages))
			}
		}
	}
	return merged
}

func named(v Verdict, message, messages int) Verdict {
	if messages > 1 && v.Result == Wrong {
		v.Detail = fmt.Sprintf("message %d of %d: %s", message+1, messages, v.Detail)
	}
	return v
}

// Print writes a line for each verdict: the result, the rule and the detail. The source follows where a rule is not ok.
func Print(w io.Writer, verdicts []Verdict) error {
	results, rules := 0, 0
	for _, v := range verdicts {
		results, rules = max(results, len(v.Result)), max(rules, len(v.Rule))
	}
	for _, v := range verdicts {
		line := fmt.Sprintf("%-*s  %-*s  %s", results, v.Result, rules, v.Rule, cmp.Or(printable(v.Detail), "-"))
		if v.Result == Wrong || v.Result == Old {
			line += " [" + v.Source + "]"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
