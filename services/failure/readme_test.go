package failure_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"traceria/services/failure"
)

var update = flag.Bool("update", false, "rewrite the expected files of the tests that run: make golden RUN=TestName")

// The README's tables of failures and experiments are made from the catalogue.
func TestReadmeHasTheCatalogue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
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
		want = before + from + table(kind) + to + after
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("README.md differs from the catalogue: make golden RUN=TestReadmeHasTheCatalogue")
	}
	if err := os.WriteFile("README.md", []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// table is Markdown with a row for each key of the kind.
func table(kind failure.Kind) string {
	what := "what breaks"
	if kind == failure.Experiment {
		what = "what it changes"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n| key | %s | what Jaeger shows | search | repair |\n|---|---|---|---|---|\n", what)
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
		fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | "))
	}
	return out.String() + "\n"
}
