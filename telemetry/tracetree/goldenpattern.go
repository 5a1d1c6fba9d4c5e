package tracetree

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// pattern says which spans a line of a golden file means.
type pattern struct {
	least int
	cells [3]string // name, service, kind; * stands for any text, a leading ! for any other text
	notes noteSet
}

// noteSet are the expected notes of a span.
type noteSet struct {
	required, optional []string
	// others reports that further notes are allowed.
	others     bool
	bounds     []bound
	attributes []condition
}

// bound limits the time that a span waited or took.
type bound struct {
	what, op string // what is waited or took; op is <, <=, > or >=
	limit    time.Duration
}

// condition is about an attribute: it has the value, it is there, or it is absent.
type condition struct {
	key, value     string
	absent, valued bool
}

// noCell is the text of an empty cell.
const noCell = "-"

func parseCells(cells []string) (all [3]string, err error) {
	for i, what := range []string{"name", "service", "kind"} {
		if i >= len(cells) {
			return all, fmt.Errorf("the %s is missing: want name, service, kind and notes with two blanks between them (* is any)", what)
		}
		all[i] = cells[i]
	}
	return all, nil
}

// splitNotes splits at ", " outside of brackets.
func splitNotes(text string) []string {
	var notes []string
	depth, from := 0, 0
	for i, r := range text {
		switch {
		case r == '[':
			depth++
		case r == ']' && depth > 0:
			depth--
		case depth == 0 && strings.HasPrefix(text[i:], ", "):
			notes = append(notes, strings.TrimSpace(text[from:i]))
			from = i + len(", ")
		}
	}
	if from < len(text) {
		notes = append(notes, strings.TrimSpace(text[from:]))
	}
	return notes
}

func parseNotes(notes []string) (set noteSet, err error) {
	var wrong []error
	for _, note := range notes {
		switch inner, bracketed := strings.CutPrefix(note, "["); {
		case strings.HasPrefix(note, literal):
			set.required = append(set.required, note)
		case bracketed && strings.HasSuffix(inner, "]"):
			set.attributes = append(set.attributes, parseCondition(strings.TrimSuffix(inner, "]")))
		case isBound(note):
			b, err := parseBound(note)
			wrong = append(wrong, err)
			set.bounds = append(set.bounds, b)
		case strings.HasSuffix(note, "?"):
			set.optional = append(set.optional, strings.TrimSuffix(note, "?"))
		case note != "":
			set.required = append(set.required, note)
		}
	}
	return set, errors.Join(wrong...)
}

func parseCondition(text string) condition {
	if key, negated := strings.CutPrefix(text, "!"); negated {
		return condition{key: key, absent: true}
	}
	key, value, valued := strings.Cut(text, "=")
	return condition{key: key, value: value, valued: valued}
}

const (
	waitedWord = "waited"
	tookWord   = "took"
)

func isBound(note string) bool {
	word, rest, _ := strings.Cut(note, " ")
	return (word == waitedWord || word == tookWord) && rest != "" && strings.ContainsAny(rest[:1], "<>")
}

func parseBound(note string) (bound, error) {
	var b bound
	var rest string
	b.what, rest, _ = strings.Cut(note, " ")
	for _, op := range []string{">=", "<=", ">", "<"} {
		if limit, is := strings.CutPrefix(rest, op); is {
			var err error
			b.op = op
			if b.limit, err = time.ParseDuration(strings.ReplaceAll(limit, " ", "")); err != nil {
				return b, fmt.Errorf("%q: want a time such as 200ms or 1s behind the %s", note, op)
			}
			break
		}
	}
	return b, nil
}

// holds compares a time with the limit.
func (b bound) holds(d time.Duration) bool {
	switch b.op {
	case ">=":
		return d >= b.limit
	case "<=":
		return d <= b.limit
	case ">":
		return d > b.limit
	default:
		return d < b.limit
	}
}

const timesWord = "times "

// mostTimes is the largest number of equal lines that a golden file may require.
const mostTimes = 10_000

// parseTimes reads "times N", "times N..M" or "times N..".
func parseTimes(note string) (least, most int, is bool, err error) {
	text, is := strings.CutPrefix(strings.TrimSpace(note), timesWord)
	if !is {
		return 0, 0, false, nil
	}
	least, most, err = parseRange(text)
	return least, most, true, err
}

func parseRange(text string) (least, most int, err error) {
	from, to, ranged := strings.Cut(text, "..")
	least, err = strconv.Atoi(from)
	most = least
	if ranged && to == "" {
		most = math.MaxInt
	} else if ranged && err == nil {
		most, err = strconv.Atoi(to)
	}
	if err != nil || least < 0 || most < least || least > mostTimes {
		return 0, 0, fmt.Errorf("%q: want a number up to %d or a range: 1..3 has an end, 2.. has none", text, mostTimes)
	}
	return least, most, nil
}

// like compares a text with a pattern: * stands for any text, a leading ! for any other text, and a leading \ for this text.
func like(pattern, text string) bool {
	if exact, is := strings.CutPrefix(pattern, literal); is {
		return exact == text
	}
	if rest, negated := strings.CutPrefix(pattern, "!"); negated {
		return !like(rest, text)
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}
