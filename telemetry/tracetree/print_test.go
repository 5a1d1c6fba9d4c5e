package tracetree

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files of the tests that run: make golden RUN=TestName")

// golden compares text with testdata/name. With -update it writes the file first: read the difference before you commit it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func printed(t *testing.T, spans []Span, o PrintOptions) string {
	t.Helper()
	var b strings.Builder
	if err := Print(&b, Build(spans), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPrintedTreesAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file    string
		spans   []Span
		options PrintOptions
	}{
		{"order.txt", happyPath(), PrintOptions{}},
		{"order-120.txt", happyPath(), PrintOptions{Width: 120}},
		{"order-database.txt", happyPath(), PrintOptions{Database: true}},
		{"transactions.txt", transactions(), PrintOptions{}},
		{"transactions-database.txt", transactions(), PrintOptions{Database: true}},
		{"links.txt", linkMode(), PrintOptions{}},
		{"clinic.txt", clinic(), PrintOptions{}},
		{"clinic-100.txt", clinic(), PrintOptions{Width: 100}},
		{"clinic-color.txt", clinic(), PrintOptions{Color: true}},
		{"nothing.txt", nil, PrintOptions{Color: false, Width: 80}},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			golden(t, test.file, printed(t, test.spans, test.options))
		})
	}
}

func TestNoLineIsLongerThanTheWidth(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 20, 40, 72, 80, 100, 132, 200} {
		for _, spans := range [][]Span{happyPath(), linkMode(), clinic()} {
			for line := range strings.Lines(printed(t, spans, PrintOptions{Width: limit})) {
				if got := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); got > limit {
					t.Errorf("width %d: a line of %d: %q", limit, got, line)
				}
			}
		}
	}
}

func TestColourChangesNothingButColour(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 80, 120} {
		colored := printed(t, clinic(), PrintOptions{Color: true, Width: limit})
		for _, sequence := range []string{bold.on(), dim.on(), red.on(), yellow.on(), reset} {
			colored = strings.ReplaceAll(colored, sequence, "")
		}
		for _, s := range palette {
			colored = strings.ReplaceAll(colored, s.on(), "")
		}
		if diff := cmp.Diff(printed(t, clinic(), PrintOptions{Width: limit}), colored); diff != "" {
			t.Errorf("width %d (-plain +without colour):\n%s", limit, diff)
		}
	}
}

func TestEscapeSequencesFromOutsideAreHarmless(t *testing.T) {
	t.Parallel()
	evil := "a\x1b[2Jb\x00\u202ec\nd\xff"
	spans := []Span{{
		TraceID: evil, SpanID: "1", Name: evil, Kind: evil, Service: evil, ParentID: evil,
		Status: StatusError, StatusMessage: evil, Links: []Link{{TraceID: evil, SpanID: evil}},
		Attributes: map[string]any{errorTypeKey: evil, settledKey: evil, failureKey: evil},
	}}
	for _, text := range []string{printed(t, spans, PrintOptions{}), Shape(Build(spans))} {
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\x00\u202e") {
			t.Errorf("raw characters in %q", text)
		}
	}
	if lines := strings.Count(Shape(Build(spans)), "\n"); lines != 1 {
		t.Errorf("one span has a shape of %d lines", lines)
	}
}

func TestPrintReportsTheWriter(t *testing.T) {
	t.Parallel()
	broken := errors.New("pipe is broken")
	if err := Print(writer(func([]byte) (int, error) { return 0, broken }), Build(happyPath()), PrintOptions{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestServicesOfThePizzeriaHaveDifferentColours(t *testing.T) {
	t.Parallel()
	names := []string{"order", "kitchen", "delivery", "loyalty", "staff", "console"}
	together := make([]Span, 0, len(names))
	for _, name := range names {
		together = append(together, Span{Service: name})
	}
	styles := serviceStyles(Build(together))
	seen := map[style]string{}
	for name, s := range styles {
		if other := seen[s]; other != "" {
			t.Errorf("%s and %s have the same colour", name, other)
		}
		seen[s] = name
	}
	for _, name := range names {
		if alone := serviceStyles(Build([]Span{{Service: name}}))[name]; alone != styles[name] {
			t.Errorf("%s has another colour when it is alone", name)
		}
	}
}
