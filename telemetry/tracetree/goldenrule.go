package tracetree

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// rule is a line of a golden file about all spans of the tree, wherever they are.
type rule struct {
	text string
	// A count rule limits the number of spans that match first.
	first pattern
	most  int
	// A sequence rule requires that each span with the first name ends before a span with the second name starts, by at least gap.
	sequence     bool
	before, then string
	gap          time.Duration
}

const (
	noneWord   = "none: "
	countWord  = "count "
	beforeWord = "before: "
)

// parseRule reads "none: CELLS", "count N..M: CELLS" and "before: NAME | NAME | TIME".
func parseRule(line string) (r rule, is bool, err error) {
	r.text = strings.Join(splitCells(line), gap)
	if rest, is := strings.CutPrefix(line, beforeWord); is {
		r.sequence = true
		return r, true, r.parseSequence(rest)
	}
	if rest, is := strings.CutPrefix(line, noneWord); is {
		r.first, err = parsePattern(rest)
		return r, true, err
	}
	if rest, is := strings.CutPrefix(line, countWord); is {
		number, cells, ok := strings.Cut(rest, ": ")
		if !ok {
			return r, true, fmt.Errorf("%q: want count N: NAME  SERVICE  KIND", line)
		}
		least, most, err := parseRange(number)
		if err != nil {
			return r, true, err
		}
		r.most = most
		r.first, err = parsePattern(cells)
		r.first.least = least
		return r, true, err
	}
	return r, false, nil
}

func (r *rule) parseSequence(text string) (err error) {
	parts := strings.Split(text, " | ")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) == 3 {
		r.gap, err = time.ParseDuration(parts[2])
	}
	if len(parts) < 2 || len(parts) > 3 || err != nil {
		return fmt.Errorf("%q: want before: NAME | NAME, and a time such as 2s if one must lie between them", text)
	}
	r.before, r.then = parts[0], parts[1]
	return nil
}

// parsePattern reads cells. The last ones are optional.
func parsePattern(text string) (pattern, error) {
	cells := splitCells(text)
	if len(cells) == 0 {
		return pattern{}, errors.New("want NAME  SERVICE  KIND  NOTES with two blanks between them (* is any)")
	}
	for len(cells) < 3 {
		cells = append(cells, "*")
	}
	all, _ := parseCells(cells[:3]) // there are three
	notes, err := parseNotes(splitNotes(strings.Join(cells[3:], ", ")))
	notes.others = true
	return pattern{cells: all, notes: notes}, err
}

// broken returns what is wrong with the tree, or "".
func (r rule) broken(v *view, nodes []*Node) string {
	if r.sequence {
		return r.outOfSequence(nodes)
	}
	var found []string
	for _, n := range nodes {
		if b := v.leaf(n); r.first.matchesSpan(b) {
			found = append(found, b.text(r.first))
		}
	}
	switch {
	case len(found) >= r.first.least && len(found) <= r.most:
		return ""
	case len(found) == 0:
		return "- " + r.text + "\n+ no such span\n"
	default:
		return "- " + r.text + "\n+ " + strings.Join(found, "\n+ ") + "\n"
	}
}

func (r rule) outOfSequence(nodes []*Node) string {
	var last, next *Node
	for _, n := range nodes {
		if like(r.before, n.Name) && (last == nil || n.End().After(last.End())) {
			last = n
		}
		if like(r.then, n.Name) && (next == nil || n.Start.Before(next.Start)) {
			next = n
		}
	}
	switch {
	case last == nil:
		return "- " + r.text + "\n+ no span " + r.before + "\n"
	case next == nil:
		return "- " + r.text + "\n+ no span " + r.then + "\n"
	case last.End().Add(r.gap).After(next.Start) && r.gap > 0:
		return fmt.Sprintf("- %s\n+ %s began %s after %s ended\n", r.text, printable(next.Name), shortDuration(next.Start.Sub(last.End())), printable(last.Name))
	case last.End().After(next.Start):
		return fmt.Sprintf("- %s\n+ %s ended %s after %s began\n", r.text, printable(last.Name), shortDuration(last.End().Sub(next.Start)), printable(next.Name))
	default:
		return ""
	}
}
