package tracetree

import (
	"cmp"
	"slices"
	"strings"
)

// Shape returns the tree as a text that is the same for every run: the output of [Print] without times, ids, error messages
// and cuts, with children sorted by name, service and attempt. Spans that agree in names, kinds, services, parents, links,
// errors and notes have the same shape. The shape of an empty tree is "".
func Shape(t *Tree) string {
	v := newView(t)
	v.shape = true
	var traces [][]block
	for _, roots := range t.traces() {
		var blocks []block
		for _, root := range roots {
			b := v.block(root)
			b.sort()
			blocks = append(blocks, b)
		}
		slices.SortFunc(blocks, compareBlocks)
		traces = append(traces, blocks)
	}
	slices.SortFunc(traces, func(a, b []block) int { return slices.CompareFunc(a, b, compareBlocks) })

	sections := make([][]row, len(traces))
	for i, blocks := range traces {
		for _, b := range blocks {
			sections[i] = flatten(sections[i], b, "", "", 0)
		}
	}
	return align(sections)
}

// sort sorts everything below b from the bottom up: the blocks that it compares must be sorted themselves.
func (b *block) sort() {
	for i := range b.below {
		b.below[i].sort()
	}
	slices.SortFunc(b.below, compareBlocks)
}

// compareBlocks returns 0 only for blocks with equal lines, so that the order of the spans never shows.
func compareBlocks(a, b block) int {
	return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.service, b.service),
		strings.Compare(a.kind, b.kind), cmp.Compare(a.attempt, b.attempt), strings.Compare(joined(a.notes), joined(b.notes)),
		slices.CompareFunc(a.below, b.below, compareBlocks))
}

// align returns the rows in columns. Each of several traces begins with a line of its own.
func align(sections [][]row) string {
	var widths [3]int
	lines := make([][][]string, len(sections))
	for i, rows := range sections {
		for _, r := range rows {
			cells := r.goldenCells()
			cells[0] = r.lines + cells[0]
			for c := range widths {
				widths[c] = max(widths[c], width(cells[c]))
			}
			lines[i] = append(lines[i], cells)
		}
	}
	var b strings.Builder
	for i, rows := range lines {
		if len(sections) > 1 {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(traceLine + "\n")
		}
		for _, cells := range rows {
			for c := range widths {
				cells[c] = left(cells[c], widths[c])
			}
			b.WriteString(strings.TrimRight(strings.Join(cells, gap), " ") + "\n")
		}
	}
	return b.String()
}
