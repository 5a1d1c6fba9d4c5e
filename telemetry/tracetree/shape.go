package tracetree

import (
	"cmp"
	"slices"
	"strings"
)

// Shape is the tree as a text that is the same for every run: what [Print] writes, without times, ids and error
// messages, and with the children of a span sorted by name, then service. Names are not cut. Two sets of spans
// with the same names, kinds, services, parents, links, errors and notes have the same shape. It ends with a
// line break; the shape of nothing is "".
func Shape(t *Tree) string {
	v := newView(t)
	v.shape = true
	var traces [][]canonical
	for _, roots := range t.traces() {
		var blocks []canonical
		for _, root := range roots {
			blocks = append(blocks, canonicalize(v.block(root)))
		}
		slices.SortFunc(blocks, canonical.compare)
		traces = append(traces, blocks)
	}
	slices.SortFunc(traces, func(a, b []canonical) int { return slices.CompareFunc(a, b, canonical.compare) })

	sections := make([][]row, len(traces))
	for i, blocks := range traces {
		for _, b := range blocks {
			sections[i] = append(sections[i], flatten(b.block)...)
		}
	}
	return align(sections)
}

// canonical is a block whose children are sorted, with a text that is equal for equal blocks.
type canonical struct {
	block
	text string
}

func canonicalize(b block) canonical {
	below := make([]canonical, len(b.below))
	for i, child := range b.below {
		below[i] = canonicalize(child)
	}
	slices.SortFunc(below, canonical.compare)
	var text strings.Builder
	text.WriteString(b.name + "\x00" + b.service + "\x00" + b.kind + "\x00" + joined(b.notes) + "\x01")
	b.below = nil
	for _, child := range below {
		b.below = append(b.below, child.block)
		text.WriteString(child.text)
	}
	text.WriteString("\x02")
	return canonical{b, text.String()}
}

func (c canonical) compare(other canonical) int {
	return cmp.Or(strings.Compare(c.name, other.name), strings.Compare(c.service, other.service),
		strings.Compare(c.text, other.text))
}

// align writes the rows in columns. With several traces each begins with a line of its own.
func align(sections [][]row) string {
	var c columns
	for _, rows := range sections {
		for _, r := range rows {
			c.name = max(c.name, width(r.lines)+width(r.name))
			c.service = max(c.service, width(r.service))
			c.kind = max(c.kind, width(r.kind))
		}
	}
	var b strings.Builder
	for i, rows := range sections {
		if len(sections) > 1 {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString("trace\n")
		}
		for _, r := range rows {
			line := left(r.lines+r.name, c.name) + gap + left(r.service, c.service) + gap + left(r.kind, c.kind) +
				gap + joined(r.notes)
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}
