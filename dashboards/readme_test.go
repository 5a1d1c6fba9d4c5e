package dashboards_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The README sends readers from the six figures of the row Overview to other panels of the same dashboard. All of them exist.
func TestTheReadmeNamesThePanels(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, board := range read(t) {
		found := regexp.MustCompile(`(?m)^\| \[` + board.Title + `\]\(` + board.UID + `\.json\) \|.*$`).FindString(string(text))
		names := regexp.MustCompile(`\*([^*]+)\*`).FindAllStringSubmatch(found, -1)
		if len(names) == 0 {
			t.Errorf("%s: the README names no panel: %q", board.Title, found)
		}
		overview, titles := overview(board)
		if len(overview) != 6 {
			t.Errorf("%s: the row Overview has %q, want six figures", board.Title, overview)
		}
		for _, name := range names {
			if !slices.Contains(titles, name[1]) {
				t.Errorf("%s has no panel and no column %q below the row Overview", board.Title, name[1])
			}
		}
	}
}

// overview returns the titles of the first row, and what stands below it: titles of panels, and columns of tables.
func overview(board stored) (first, below []string) {
	rows := 0
	for _, p := range board.Panels {
		if p.Type == "row" {
			rows++
		} else if rows == 1 {
			first = append(first, p.Title)
		} else {
			below = append(below, p.Title)
		}
		for _, override := range p.FieldConfig.Overrides {
			if rows > 1 {
				below = append(below, strings.TrimSpace(override.Matcher.Options))
			}
		}
	}
	return first, below
}
