package tracetree

import (
	"slices"
	"strings"
)

// literal begins a cell or a note whose rest is the text itself, without any special characters.
const literal = `\`

// cells returns name, service and kind without double blanks, which separate cells. None is empty.
func (r row) cells() [3]string {
	var all [3]string
	for i, text := range []string{r.name, r.service, r.kind} {
		if all[i] = singleSpaced(text); all[i] == "" {
			all[i] = noCell
		}
	}
	return all
}

// noteTexts returns the notes, split as those of a golden file are.
func (r row) noteTexts() []string { return splitNotes(singleSpaced(joined(r.notes))) }

func singleSpaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// goldenCells returns the cells of the row as a golden file has them. The last one has the notes.
func (r row) goldenCells() []string {
	all := r.cells()
	cells := []string{escapeName(all[0]), escapeText(all[1]), escapeText(all[2])}
	var notes []string
	for _, note := range r.noteTexts() {
		notes = append(notes, escapeNote(note))
	}
	if len(notes) > 0 {
		cells = append(cells, strings.Join(notes, ", "))
	}
	return cells
}

// escapeName marks a name that a golden file would take for something else.
func escapeName(name string) string {
	lines, _ := treeLines(name)
	special := lines != "" || slices.ContainsFunc([]string{"#", noneWord, countWord, beforeWord}, func(begin string) bool {
		return strings.HasPrefix(name, strings.TrimSpace(begin))
	})
	if special {
		return literal + name
	}
	return escapeText(name)
}

// escapeText marks a text that would be a pattern.
func escapeText(text string) string {
	if strings.HasPrefix(text, "!") || strings.HasPrefix(text, literal) || strings.Contains(text, "*") {
		return literal + text
	}
	return text
}

// escapeNote marks a note that a golden file would take for a condition.
func escapeNote(note string) string {
	_, _, times, err := parseTimes(note)
	if times || err != nil || isBound(note) || strings.HasPrefix(note, "[") || strings.HasSuffix(note, "?") {
		return literal + note
	}
	return escapeText(note)
}
