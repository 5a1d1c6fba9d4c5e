package tracetree

import (
	"hash/fnv"
	"slices"
)

// style is the parameter of an ANSI "select graphic rendition" sequence (ECMA-48). "" changes nothing.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// reset ends every style.
const reset = "\x1b[0m"

// on returns the sequence that begins the style.
func (s style) on() string { return "\x1b[" + string(s) + "m" }

// palette has the colours of services: neither red (errors) nor yellow (waits). Ten are enough for the pizzeria's services.
var palette = []style{"32", "34", "35", "36", "92", "94", "95", "96", "38;5;37", "38;5;141"}

// serviceStyles returns a colour for each service. It derives the colour from the name, so that it is the same in every
// trace, and avoids equal colours in one tree while there are free ones.
func serviceStyles(t *Tree) map[string]style {
	var names []string
	t.Walk(func(n *Node, _ int) { names = append(names, printable(n.Service)) })
	slices.Sort(names)
	names = slices.Compact(names)
	styles := make(map[string]style, len(names))
	taken := map[int]bool{}
	for _, name := range names {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(name)) // a hash never fails
		at := int(hash.Sum32() % uint32(len(palette)))
		for taken[at] && len(taken) < len(palette) {
			at = (at + 1) % len(palette)
		}
		taken[at] = true
		styles[name] = palette[at]
	}
	return styles
}
