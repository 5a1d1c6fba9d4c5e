package tracetree

import "strings"

// shown is a line of a rendered difference.
type shown struct {
	sign   byte
	text   string
	parent int // the index of the line above it in the tree, or -1
	keep   bool
}

// render returns the changed lines, those around them, and those above them in the tree. An … stands for lines that are left out.
func render(edits []edit) string {
	lines := layout(nil, edits, -1, "", true)
	for i, line := range lines {
		if line.sign == ' ' {
			continue
		}
		for near := max(0, i-contextLines); near <= min(len(lines)-1, i+contextLines); near++ {
			lines[near].keep = true
		}
		for at := i; at >= 0; at = lines[at].parent {
			lines[at].keep = true
		}
	}
	var b strings.Builder
	skipped := false
	for _, line := range lines {
		if !line.keep {
			skipped = true
			continue
		}
		if skipped {
			b.WriteString("  …\n")
		}
		skipped = false
		b.WriteString(string(line.sign) + " " + line.text + "\n")
	}
	if skipped {
		b.WriteString("  …\n")
	}
	return b.String()
}

// layout appends the edits with the lines of the tree before their names. rest are those of the level above.
func layout(lines []shown, edits []edit, parent int, rest string, top bool) []shown {
	for i, e := range edits {
		branch, stem := "├─ ", "│  "
		if i == len(edits)-1 {
			branch, stem = "└─ ", "   "
		}
		if top {
			branch, stem = "", ""
		}
		at := len(lines)
		lines = append(lines, shown{sign: e.sign, text: rest + branch + e.line, parent: parent})
		roots := top && e.line == traceLine // the roots of a trace have no branch
		lines = layout(lines, e.below, at, rest+stem, roots)
	}
	return lines
}
