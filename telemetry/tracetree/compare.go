package tracetree

import (
	"maps"
	"slices"
	"strings"
)

// contextLines is the number of equal lines shown around a difference, beside the lines above it in the tree.
const contextLines = 2

// Compare returns "" if the tree is as the golden file says, else the difference: "-" marks what is wanted and missing, "+" what
// is found and not wanted. golden is the text of the file. GOLDEN.md describes its format. The order of siblings does
// not matter. If the file cannot be read as a golden tree, Compare returns what is wrong with it.
func Compare(golden string, t *Tree) string {
	g, err := ParseGolden(golden)
	if err != nil {
		return "the golden tree cannot be read: " + err.Error() + "\n"
	}
	return g.Compare(t)
}

// Compare is the function [Compare] for a golden file that is parsed once.
func (g *Golden) Compare(t *Tree) string {
	v := newView(t)
	v.shape = true
	var text strings.Builder
	if len(g.top.below) > 0 || len(g.rules) == 0 {
		lines, found := g.sides(v.sections(t))
		if _, complete := assign(lines, found); !complete {
			text.WriteString(render(differ(lines, found)))
		}
	}
	var nodes []*Node
	t.Walk(func(n *Node, _ int) { nodes = append(nodes, n) })
	for _, r := range g.rules {
		text.WriteString(r.broken(v, nodes))
	}
	if text.Len() == 0 {
		return ""
	}
	return "the shape of the trace differs (- wanted, + found):\n" + text.String()
}

// sections returns the blocks of each trace.
func (v *view) sections(t *Tree) [][]block {
	var traces [][]block
	for _, roots := range t.traces() {
		var blocks []block
		for _, root := range roots {
			blocks = append(blocks, v.block(root))
		}
		traces = append(traces, blocks)
	}
	return traces
}

// sides returns the lines and the blocks to compare: roots if both sides have one trace, else a line for each trace.
func (g *Golden) sides(traces [][]block) ([]*expected, []block) {
	lines := g.top.below
	if len(traces) <= 1 && !g.sections {
		return lines, slices.Concat(traces...)
	}
	if !g.sections && len(lines) > 0 {
		lines = []*expected{{pattern: pattern{least: 1, cells: [3]string{traceLine, noCell, noCell}}, most: 1, below: lines, text: traceLine}}
	}
	var found []block
	for _, blocks := range traces {
		found = append(found, block{row: row{name: traceLine}, below: blocks})
	}
	return lines, found
}

// edit is a line of a difference with the lines below it. sign is ' ' for a line in both, '-' for wanted only, and '+' for
// found only.
type edit struct {
	sign  byte
	line  string
	below []edit
}

// differ pairs each line with a block: first those that fit, then those that have the same cells, the most alike first.
func differ(lines []*expected, found []block) []edit {
	lineOf, _ := assign(lines, found)
	missing := unassigned(lines, lineOf)
	var edits []edit
	for i, b := range found {
		if lineOf[i] >= 0 {
			edits = append(edits, b.edits(' '))
			continue
		}
		at := mostAlike(missing, b)
		if at < 0 {
			edits = append(edits, b.surplus(lines))
			continue
		}
		e := missing[at]
		missing = slices.Delete(missing, at, at+1)
		below := differ(e.below, b.below)
		if e.matchesSpan(b) {
			edits = append(edits, edit{' ', b.text(pattern{}), below})
		} else {
			edits = append(edits, edit{'-', e.text, nil}, edit{'+', b.text(e.pattern), below})
		}
	}
	for _, e := range missing {
		edits = append(edits, e.edits())
	}
	return edits
}

// unassigned returns the lines that have fewer blocks than they need, each as often as one is missing.
func unassigned(lines []*expected, lineOf []int) (missing []*expected) {
	for i, e := range lines {
		taken := 0
		for _, line := range lineOf {
			if line == i {
				taken++
			}
		}
		for range e.least - taken {
			missing = append(missing, e)
		}
	}
	return missing
}

// surplus returns a block for which there is no line. It names the conditions of a line that it does not meet.
func (b block) surplus(lines []*expected) edit {
	e := b.edits('+')
	i := slices.IndexFunc(lines, func(line *expected) bool {
		return line.matchesCells(b) && line.notes.cover(b) && len(line.notes.faults(b)) > 0
	})
	if i >= 0 {
		e.line = b.text(lines[i].pattern)
	}
	return e
}

// mostAlike returns the index of the line that has the most names in common with the block, including those below, or -1. It has
// the block's cells, or another name above common ones.
func mostAlike(lines []*expected, b block) int {
	best, most := -1, -1
	names := map[string]int{}
	b.walk(func(b block) { names[b.name]++ })
	for i, e := range lines {
		left, common := maps.Clone(names), 0
		e.walk(func(e *expected) {
			if left[e.cells[0]] > 0 {
				left[e.cells[0]]--
				common++
			}
		})
		if cells := b.cells(); e.matchesCells(b) || common > 0 && e.cells[1] == cells[1] && e.cells[2] == cells[2] {
			if common > most {
				best, most = i, common
			}
		}
	}
	return best
}

func (b block) walk(visit func(block)) {
	visit(b)
	for _, child := range b.below {
		child.walk(visit)
	}
}

func (e *expected) walk(visit func(*expected)) {
	visit(e)
	for _, child := range e.below {
		child.walk(visit)
	}
}

// edits returns the block and everything below it with one sign.
func (b block) edits(sign byte) edit {
	e := edit{sign: sign, line: b.text(pattern{})}
	for _, child := range b.below {
		e.below = append(e.below, child.edits(sign))
	}
	return e
}

// edits returns the line and everything below it as missing.
func (e *expected) edits() edit {
	missing := edit{sign: '-', line: e.text}
	for _, child := range e.below {
		missing.below = append(missing.below, child.edits())
	}
	return missing
}

// text returns the block's line without the tree's lines. It has the actual values of what the pattern limits.
func (b block) text(p pattern) string {
	if b.node == nil && b.name == traceLine {
		return traceLine
	}
	cells := b.goldenCells()
	notes := append(cells[3:], p.notes.faults(b)...)
	return strings.TrimSpace(strings.Join(cells[:3], gap) + gap + strings.Join(notes, ", "))
}
