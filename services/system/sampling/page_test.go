package sampling

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// page is the part of the page of the scenario sampling that shows one order under three Collectors.
const page = "services/scenario/sampling/kept.tree"

// comparePage compares what the Collectors kept of one order with the page. With -update it writes the file.
func comparePage(t *testing.T, everything, byTrace, byConversation map[string]tracetree.Span) {
	t.Helper()
	path := systemtest.InRepository(t, page)
	got := draw(everything, byTrace, byConversation)
	if *systemtest.Update && !t.Failed() {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows(string(want)), rows(got)) {
		t.Errorf("the page shows\n%s\nand the Collectors kept\n%s", want, got)
	}
}

// rows are the lines without their sequence and depth: concurrent hops may change places.
func rows(text string) []string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	slices.Sort(lines)
	return lines
}

// draw writes a line for each span, with what each Collector kept of it.
func draw(everything, byTrace, byConversation map[string]tracetree.Span) string {
	var spans []tracetree.Span
	for _, span := range everything {
		spans = append(spans, span)
	}
	var names, marks []string
	width := 0
	tracetree.Join(tracetree.Build(spans)).Walk(func(n *tracetree.Node, depth int) {
		name := strings.Repeat("  ", depth) + n.Name
		if attempt := n.Attempt(); attempt > 1 {
			name += fmt.Sprintf(" (attempt %d)", attempt)
		}
		width = max(width, utf8.RuneCountInString(name))
		key := n.TraceID + n.SpanID
		names = append(names, name)
		marks = append(marks, fmt.Sprintf("%-8s  %-10s  %-8s  %s", n.Service, "kept", mark(byTrace, key), mark(byConversation, key)))
	})
	var text strings.Builder
	fmt.Fprintf(&text, "%-*s  %-8s  %-10s  %-8s  %s\n", width, "span", "service", "everything", "by trace", "by conversation")
	for i, name := range names {
		fmt.Fprintf(&text, "%-*s  %s\n", width, name, marks[i])
	}
	return text.String()
}

func mark(has map[string]tracetree.Span, key string) string {
	if _, found := has[key]; found {
		return "kept"
	}
	return "LOST"
}
