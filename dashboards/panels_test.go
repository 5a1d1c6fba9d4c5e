package dashboards_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"traceria/dashboards"
	"traceria/services/failure"
)

// stored is a dashboard as Grafana reads it. The tests look at the files, not at the builders.
type stored struct {
	UID, Title, Description string
	Panels                  []panel
	Templating              struct{ List []variable }
	Annotations             struct{ List []annotation }
	Links                   []struct{ Title, URL, Type string }
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []target
	Panels                   []panel // of a closed row
	FieldConfig              struct {
		Defaults struct {
			Unit       string
			Links      []dataLink
			Thresholds struct{ Steps []threshold }
		}
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []struct {
				ID    string
				Value json.RawMessage
			}
		}
	}
	Options json.RawMessage
}

type threshold struct {
	Value *float64
	Color string
}

type target struct {
	Expr, LegendFormat, RefID string
	Exemplar                  bool
	Instant                   bool
}

type dataLink struct{ Title, URL string }

type variable struct {
	Type, Name, Definition string
	Query                  string
}

type annotation struct{ Name, Expr, TitleFormat string }

// read returns the dashboards as they are stored.
func read(t *testing.T) []stored {
	t.Helper()
	files, err := dashboards.Files()
	if err != nil {
		t.Fatal(err)
	}
	var all []stored
	for name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var board stored
		if err := json.Unmarshal(text, &board); err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
		all = append(all, board)
	}
	return all
}

// everyPanel returns the panels, also those of closed rows, without the rows.
func (s stored) everyPanel() []panel {
	var all []panel
	for _, p := range s.Panels {
		if p.Type == "row" {
			all = append(all, p.Panels...)
			continue
		}
		all = append(all, p)
	}
	return all
}

func TestEveryPanelSaysWhatToDo(t *testing.T) {
	for _, board := range read(t) {
		if board.Description == "" || board.Panels[0].Title != "Overview" {
			t.Errorf("%s: want a description, and a row Overview first", board.Title)
		}
		titles := map[string]string{}
		for _, p := range board.everyPanel() {
			red := len(p.FieldConfig.Defaults.Thresholds.Steps) > 1
			if red != strings.Contains(p.Description, "**When it is red:** ") || red == strings.Contains(p.Description, "**What to look for:** ") {
				t.Errorf("%s, %s: has a red threshold: %t; description: %q", board.Title, p.Title, red, p.Description)
			}
			if p.Type != "table" && p.Type != "state-timeline" && p.Type != "heatmap" && p.FieldConfig.Defaults.Unit == "" {
				t.Errorf("%s, %s: no unit", board.Title, p.Title)
			}
			if titles[p.Title] == p.Type {
				t.Errorf("%s: two panels of the kind %s are called %s", board.Title, p.Type, p.Title)
			}
			titles[p.Title] = p.Type
			if len(p.Targets) == 0 {
				t.Errorf("%s, %s: no query", board.Title, p.Title)
			}
		}
	}
}

// TestPanelsDoNotOverlap also finds a row that is wider than the page.
func TestPanelsDoNotOverlap(t *testing.T) {
	for _, board := range read(t) {
		taken := map[[2]int]string{}
		numbers := map[int]string{}
		for _, p := range append(board.everyPanel(), board.Panels...) {
			if other := numbers[p.ID]; p.ID == 0 || other != "" && other != p.Title {
				t.Errorf("%s: %q and %q have the number %d", board.Title, p.Title, other, p.ID)
			}
			numbers[p.ID] = p.Title
			if p.GridPos.X+p.GridPos.W > 24 || p.GridPos.W == 0 || p.GridPos.H == 0 {
				t.Errorf("%s, %s: %+v does not fit into 24 columns", board.Title, p.Title, p.GridPos)
			}
			for x := range p.GridPos.W {
				for y := range p.GridPos.H {
					at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
					if other := taken[at]; other != "" && other != p.Title {
						t.Fatalf("%s: %s lies on %s", board.Title, p.Title, other)
					}
					taken[at] = p.Title
				}
			}
		}
	}
}

// TestKeysInTextsExist looks for the failures that descriptions name.
func TestKeysInTextsExist(t *testing.T) {
	known := map[string]bool{}
	groups := map[string]bool{}
	for _, entry := range failure.Catalogue() {
		known[string(entry.Key)] = true
		group, _, _ := strings.Cut(string(entry.Key), ".")
		groups[group] = true
	}
	for _, board := range read(t) {
		for _, p := range board.everyPanel() {
			for i, quoted := range strings.Split(p.Description, "`") {
				group, rest, dotted := strings.Cut(quoted, ".")
				if i%2 == 1 && dotted && groups[group] && !strings.Contains(rest, " ") && !known[quoted] {
					t.Errorf("%s, %s: %s is no failure", board.Title, p.Title, quoted)
				}
			}
		}
	}
}
