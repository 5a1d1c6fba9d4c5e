package books_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	printedTrace = regexp.MustCompile("(?ms)^```\n(POST /order .*?)^```$")
	columns      = regexp.MustCompile(`\s{2,}`)
)

// The trace in README.md has eight lines, and each is a span of the happy path: the golden tree has it, too.
func TestFrontPageTraceIsTheHappyPath(t *testing.T) {
	t.Parallel()
	found := printedTrace.FindStringSubmatch(read(t, filepath.Join(root, "README.md")))
	if found == nil {
		t.Fatal("README.md has no trace")
	}
	golden := strings.Split(read(t, filepath.Join(root, "services", "system", "testdata", "happy-path.tree")), "\n")
	rows := strings.Split(strings.TrimSpace(found[1]), "\n")
	if len(rows) != 8 {
		t.Errorf("the trace in README.md has %d lines, want 8", len(rows))
	}
	for _, row := range rows {
		if !hasSpan(golden, row) {
			t.Errorf("the happy path has no span as in README.md:\n%s", row)
		}
	}
}

// hasSpan reports whether the golden tree has the span of a printed row, in whose name … stands for what was cut.
func hasSpan(golden []string, row string) bool {
	name, service, kind := span(row)
	before, after, cut := strings.Cut(name, "…")
	for _, line := range golden {
		full, itsService, itsKind := span(line)
		same := full == name || cut && strings.HasPrefix(full, before) && strings.HasSuffix(full, after)
		if same && itsService == service && itsKind == kind {
			return true
		}
	}
	return false
}

func span(row string) (name, service, kind string) {
	parts := columns.Split(strings.TrimLeft(row, " │├└─"), -1)
	if len(parts) < 3 {
		return "", "", ""
	}
	return parts[0], parts[1], parts[2]
}
