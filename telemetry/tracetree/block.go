package tracetree

import (
	"fmt"
	"strings"
	"time"
)

// view turns spans into lines: with times for a person ([Print]), or without anything that differs from run to run for a
// comparison ([Shape]).
type view struct {
	nodes    map[key]*Node   // all spans of the tree, for the names of linked spans
	linkers  map[key][]*Node // the spans that link to a span, except its children
	began    time.Time       // the start of the first root, from which offsets count
	shape    bool
	database bool           // show database spans one by one
	folds    map[*Node]bool // the answers of foldable
}

func newView(t *Tree) *view {
	v := &view{nodes: map[key]*Node{}, linkers: map[key][]*Node{}, folds: map[*Node]bool{}}
	t.Walk(func(n *Node, _ int) {
		v.nodes[n.key()] = n
		for _, l := range n.Links {
			if l.key() != n.parentKey() && (n.joined == nil || l.key() != n.joined.key()) {
				v.linkers[l.key()] = append(v.linkers[l.key()], n)
			}
		}
	})
	if len(t.Roots) > 0 {
		v.began = t.Roots[0].Start
	}
	return v
}

// row has the cells of one line.
type row struct {
	lines               string // the lines of the tree that lead to the name
	crosses             bool   // a link leads to it from another trace
	name, service, kind string
	start, took         string
	notes               []note
	failed              bool
	attempt             int
}

// block is a line with the lines below it.
type block struct {
	row
	node  *Node // nil for several spans in one line
	below []block
}

// block returns the lines of a span and of everything below it. Several statements are folded into one line at the place of
// the first: each hop has a dozen of them, which would hide the story.
func (v *view) block(n *Node) block {
	b := v.leaf(n)
	var folded []*Node
	place := 0
	for _, child := range n.Children {
		if v.database || !v.foldable(child) {
			b.below = append(b.below, v.block(child))
			continue
		}
		if folded == nil {
			place = len(b.below)
			b.below = append(b.below, block{})
		}
		folded = append(folded, child)
	}
	switch len(folded) {
	case 0:
	case 1: // a lone statement takes one line anyway
		b.below[place] = v.block(folded[0])
	default:
		b.below[place] = block{row: v.foldedRow(folded)}
	}
	return b
}

func (v *view) row(n *Node) row {
	r := row{
		name: printable(n.Name), service: printable(n.Service), kind: printable(n.Kind),
		notes: v.notes(n), failed: n.failed(), attempt: n.Attempt(), crosses: n.joined != nil,
	}
	if !v.shape {
		r.start, r.took = v.offset(n), shortDuration(n.Duration)
	}
	return r
}

func (v *view) offset(n *Node) string {
	switch after := n.Start.Sub(v.began); {
	case after > 0:
		return "+" + shortDuration(after)
	case after < 0:
		return shortDuration(after)
	default:
		return ""
	}
}

// deepest is the number of levels after which the lines of a printed tree begin again at the left. A chain of 10,000 spans would
// have lines of 30,000 characters.
const deepest = 100

// flatten appends b and the blocks below it as rows. first is the tree's lines before b's name, and rest those before the
// names below it. level is that of b if lines begin again, and 0 if they do not.
func flatten(rows []row, b block, first, rest string, level int) []row {
	if level > 1 && level%deepest == 1 {
		first = fmt.Sprintf("level %d: ", level)
		rest = strings.Repeat(" ", len(first))
	}
	if level > 0 {
		level++
	}
	b.lines = first
	rows = append(rows, b.row)
	for i, child := range b.below {
		branch, stem := "├─ ", "│  "
		if i == len(b.below)-1 {
			branch, stem = "└─ ", "   "
		}
		if child.crosses {
			branch = strings.Replace(branch, "─", "┄", 1)
		}
		rows = flatten(rows, child, rest+branch, rest+stem, level)
	}
	return rows
}

// treeLines splits a printed line into the tree's lines and the rest.
func treeLines(line string) (lines, rest string) {
	rest = strings.TrimLeft(line, "├└│─┄ ")
	return line[:len(line)-len(rest)], rest
}
