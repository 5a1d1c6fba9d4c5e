package tracetree

import (
	"slices"
	"strings"
)

// contextLines is the number of equal lines shown around a difference.
const contextLines = 2

// Compare returns "" if two shapes are equal, else their difference: "-" marks a line that is wanted and missing, "+" one
// that is found and not wanted. It ignores blanks that align columns, so one longer name does not change every line.
func Compare(want, got string) string {
	wanted, found := shapeLines(want), shapeLines(got)
	edits := diff(wanted, found)
	changed := false
	for _, e := range edits {
		changed = changed || e.sign != ' '
	}
	if !changed {
		return ""
	}
	var b strings.Builder
	b.WriteString("the shape of the trace differs (- wanted, + found):\n")
	skipped := false
	for i, e := range edits {
		if !nearChange(edits, i) {
			skipped = true
			continue
		}
		if skipped {
			b.WriteString("  …\n")
			skipped = false
		}
		b.WriteString(string(e.sign) + " " + e.line + "\n")
	}
	if skipped {
		b.WriteString("  …\n")
	}
	return b.String()
}

// shapeLines returns the lines without their alignment: several blanks between cells become two.
func shapeLines(text string) []string {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n \t"), "\n")
	for i, line := range lines {
		tree, rest := treeLines(strings.TrimRight(line, " \t"))
		var cells []string
		for cell := range strings.SplitSeq(rest, gap) {
			if cell = strings.TrimSpace(cell); cell != "" {
				cells = append(cells, cell)
			}
		}
		lines[i] = tree + strings.Join(cells, gap)
	}
	return lines
}

// edit is a line of a difference. sign is ' ' for a line in both, '-' for wanted only, and '+' for found only.
type edit struct {
	sign byte
	line string
}

func nearChange(edits []edit, at int) bool {
	for i := max(0, at-contextLines); i <= min(len(edits)-1, at+contextLines); i++ {
		if edits[i].sign != ' ' {
			return true
		}
	}
	return false
}

// diff compares by the longest common subsequence, in quadratic time: a shape has tens of lines.
func diff(wanted, found []string) []edit {
	common := make([][]int, len(wanted)+1)
	for i := range common {
		common[i] = make([]int, len(found)+1)
	}
	for i, want := range slices.Backward(wanted) {
		for j, line := range slices.Backward(found) {
			if want == line {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var edits []edit
	i, j := 0, 0
	for i < len(wanted) || j < len(found) {
		switch {
		case i < len(wanted) && j < len(found) && wanted[i] == found[j]:
			edits = append(edits, edit{' ', wanted[i]})
			i, j = i+1, j+1
		case j == len(found) || i < len(wanted) && common[i+1][j] >= common[i][j+1]:
			edits = append(edits, edit{'-', wanted[i]})
			i++
		default:
			edits = append(edits, edit{'+', found[j]})
			j++
		}
	}
	return edits
}
