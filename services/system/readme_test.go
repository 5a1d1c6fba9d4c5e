package system

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"traceria/services/failure"
	"traceria/services/system/systemtest"
)

// The README's tables of failures and experiments are the catalogue. make golden RUN=TestREADMEHasTheCatalogue writes them.
func TestREADMEHasTheCatalogue(t *testing.T) {
	t.Parallel()
	path := systemtest.InRepository(t, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for _, kind := range []failure.Kind{failure.Failure, failure.Experiment} {
		from, to := fmt.Sprintf("<!-- %ss -->\n", kind), fmt.Sprintf("<!-- end of %ss -->\n", kind)
		before, rest, begins := strings.Cut(want, from)
		_, after, ends := strings.Cut(rest, to)
		if !begins || !ends {
			t.Fatalf("README.md has no place for the %ss: %s… %s", kind, from, to)
		}
		want = before + from + catalogueTable(kind) + to + after
	}
	if want == string(text) {
		return
	}
	if !*systemtest.Update {
		t.Fatal("README.md has not what the catalogue says: make golden RUN=TestREADMEHasTheCatalogue")
	}
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// catalogueTable is Markdown: a row for each key of the kind.
func catalogueTable(kind failure.Kind) string {
	what := "what breaks"
	if kind == failure.Experiment {
		what = "what it changes"
	}
	out := fmt.Sprintf("\n| key | %s | what Jaeger shows | search | repair |\n|---|---|---|---|---|\n", what)
	for _, entry := range failure.Catalogue() {
		if entry.Kind != kind {
			continue
		}
		key := "`" + string(entry.Key) + "`"
		switch {
		case kind == failure.Experiment:
			key += " = " + strings.Join(entry.Variants, ", ")
		case len(entry.Variants) > 2: // more than on and off
			key += " = " + strings.Join(entry.Variants[1:], ", ")
		}
		cells := []string{key, entry.Breaks, entry.Jaeger, entry.Search, entry.Repair}
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		out += "| " + strings.Join(cells, " | ") + " |\n"
	}
	return out + "\n"
}
