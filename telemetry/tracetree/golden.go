package tracetree

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Golden is the expected shape of a tree, parsed from a golden file. GOLDEN.md describes the format. It is safe for concurrent use.
type Golden struct {
	// top holds the expected traces, or their roots if there is one trace. It has no lines if the file has only rules.
	top      *expected
	sections bool // there are several traces
	rules    []rule
}

// expected is a line of a golden tree with the lines below it.
type expected struct {
	pattern
	most  int // how often the line may appear, at least pattern.least times
	below []*expected
	text  string // the line without the tree's lines, for a difference
}

// traceLine begins a section: one of several traces.
const traceLine = "trace"

// ParseGolden reads a golden file. The output of [Shape] is one. Blank lines and lines that begin with # are ignored. The error
// names each wrong line.
func ParseGolden(text string) (*Golden, error) {
	g := &Golden{top: &expected{}}
	p := parser{golden: g, path: []*expected{g.top}}
	var wrong []error
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line = strings.TrimRight(line, " \t")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := p.line(line); err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", i+1, err))
		}
	}
	return g, errors.Join(wrong...)
}

// parser adds lines to a golden tree.
type parser struct {
	golden *Golden
	path   []*expected // the last line of each level; the first is the golden tree's top
}

func (p *parser) line(line string) error {
	if r, is, err := parseRule(line); is || err != nil {
		p.golden.rules = append(p.golden.rules, r)
		return err
	}
	lines, rest := treeLines(line)
	level := utf8.RuneCountInString(lines)/levelWidth + 1
	if utf8.RuneCountInString(lines)%levelWidth != 0 {
		return fmt.Errorf("%q: each level of the tree takes %d characters: ├─ or └─ and a blank", rest, levelWidth)
	}
	cells := splitCells(rest)
	section := level == 1 && cells[0] == traceLine && (len(cells) == 1 || len(cells) == 2 && strings.HasPrefix(cells[1], timesWord))
	if section && !p.golden.sections && len(p.golden.top.below) > 0 {
		return errors.New("trace: the first of several traces has this line, too")
	}
	p.golden.sections = p.golden.sections || section
	if p.golden.sections && !section {
		level++
	}
	if level > len(p.path) {
		return fmt.Errorf("%q is more than one level below the line before", rest)
	}
	e, err := parseExpected(cells, section)
	if err != nil {
		return fmt.Errorf("%q: %w", rest, err)
	}
	above := p.path[level-1]
	above.below = append(above.below, e)
	p.path = append(p.path[:level], e)
	return nil
}

// levelWidth is the number of characters of one level: "├─ ".
const levelWidth = 3

func parseExpected(cells []string, section bool) (*expected, error) {
	if section { // it has neither service nor kind
		cells = append([]string{traceLine, noCell, noCell}, cells[1:]...)
	}
	e := &expected{text: strings.Join(cells, gap), most: 1}
	notes := cells[min(3, len(cells)):]
	e.least = 1
	rest := notes[:0:0]
	for _, note := range splitNotes(strings.Join(notes, ", ")) {
		least, most, is, err := parseTimes(note)
		if err != nil {
			return nil, err
		}
		if is {
			e.least, e.most = least, most
		} else {
			rest = append(rest, note)
		}
	}
	var err error
	e.cells, err = parseCells(cells[:min(3, len(cells))])
	if err == nil {
		e.notes, err = parseNotes(rest)
	}
	if section {
		e.text = strings.TrimRight(traceLine+gap+strings.Join(notes, gap), " ")
	}
	return e, err
}

// splitCells splits a line at two or more blanks.
func splitCells(line string) []string {
	var cells []string
	for cell := range strings.SplitSeq(line, gap) {
		if cell = strings.TrimSpace(cell); cell != "" {
			cells = append(cells, cell)
		}
	}
	return cells
}
