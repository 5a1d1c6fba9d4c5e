package tracetree

import (
	"fmt"
	"slices"
	"time"
)

// leaf returns the line of a span alone.
func (v *view) leaf(n *Node) block { return block{row: v.row(n), node: n} }

// matches reports whether the line and everything below it are as expected.
func (e *expected) matches(b block) bool {
	if !e.matchesSpan(b) {
		return false
	}
	_, complete := assign(e.below, b.below)
	return complete
}

// matchesSpan compares the line alone.
func (p pattern) matchesSpan(b block) bool {
	return p.matchesCells(b) && len(p.notes.faults(b)) == 0 && p.notes.cover(b)
}

func (p pattern) matchesCells(b block) bool {
	for i, text := range b.cells() {
		if p.cells[i] != text && !like(p.cells[i], text) {
			return false
		}
	}
	return true
}

// cover reports whether each required note is there, and no other that is not allowed.
func (s noteSet) cover(b block) bool {
	left := b.noteTexts()
	for _, want := range s.required {
		i := slices.IndexFunc(left, func(text string) bool { return want == text || like(want, text) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return s.others || !slices.ContainsFunc(left, func(text string) bool {
		return !slices.ContainsFunc(s.optional, func(may string) bool { return like(may, text) })
	})
}

// faults returns the bounds and attribute conditions that do not hold, with the actual values.
func (s noteSet) faults(b block) (faults []string) {
	for _, limit := range s.bounds {
		if actual, known := b.measure(limit.what); !known {
			faults = append(faults, limit.what+" is not known")
		} else if !limit.holds(actual) {
			faults = append(faults, limit.what+" "+shortDuration(actual))
		}
	}
	for _, want := range s.attributes {
		value, present := b.attribute(want.key)
		switch {
		case want.absent && present:
			faults = append(faults, fmt.Sprintf("[%s=%s]", want.key, value))
		case !want.absent && !present:
			faults = append(faults, fmt.Sprintf("[!%s]", want.key))
		case want.valued && want.value != value && !like(want.value, value):
			faults = append(faults, fmt.Sprintf("[%s=%s]", want.key, value))
		}
	}
	return faults
}

// measure returns the time that the span waited or took. A line of several folded spans has no times.
func (b block) measure(what string) (d time.Duration, known bool) {
	if b.node == nil {
		return 0, false
	}
	if what == tookWord {
		return b.node.Duration, true
	}
	w := b.node.Waited()
	return w.Time, w.Known
}

func (b block) attribute(key string) (text string, present bool) {
	if b.node == nil {
		return "", false
	}
	value, present := b.node.Attributes[key]
	return printable(fmt.Sprint(value)), present
}

// assign finds a line for each found block, and enough blocks for each line. It returns the index of the line for each block, or
// -1, and whether all fit. It is a maximum matching by augmenting paths: the places that must be taken come first.
func assign(lines []*expected, found []block) (lineOf []int, complete bool) {
	var places []int // the line of each place
	required := 0
	for i, e := range lines {
		for range e.least {
			places = append(places, i)
			required++
		}
	}
	for i, e := range lines {
		for range min(e.most-e.least, len(found)) {
			places = append(places, i)
		}
	}
	fits := make([][]int8, len(lines))
	for i := range fits {
		fits[i] = make([]int8, len(found))
	}
	blockOf := matching(len(places), len(found), func(place, b int) bool {
		known := &fits[places[place]][b]
		if *known == 0 {
			*known = -1
			if lines[places[place]].matches(found[b]) {
				*known = 1
			}
		}
		return *known == 1
	})
	lineOf = slices.Repeat([]int{-1}, len(found))
	complete = true
	for place, b := range blockOf {
		if b >= 0 {
			lineOf[b] = places[place]
		} else if place < required {
			complete = false
		}
	}
	return lineOf, complete && !slices.Contains(lineOf, -1)
}

// matching returns the partner of each left element, or -1. An element that has a partner keeps one while later ones are added.
func matching(left, right int, fits func(l, r int) bool) []int {
	leftOf, rightOf := slices.Repeat([]int{-1}, right), slices.Repeat([]int{-1}, left)
	for l := range left {
		seen := make([]bool, right)
		var augment func(int) bool
		augment = func(l int) bool {
			for r := range right {
				if seen[r] || !fits(l, r) {
					continue
				}
				seen[r] = true
				if leftOf[r] < 0 || augment(leftOf[r]) {
					leftOf[r], rightOf[l] = l, r
					return true
				}
			}
			return false
		}
		augment(l)
	}
	return rightOf
}
