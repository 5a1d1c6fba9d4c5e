package books_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// longestName is one more than the length of the longest test name.
const longestName = 60

var testName = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)

func TestNamesOfTestsAreShort(t *testing.T) {
	t.Parallel()
	names := 0
	walk(t, func(path string, entry fs.DirEntry) {
		if entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, found := range testName.FindAllStringSubmatch(read(t, path), -1) {
			names++
			if len(found[1]) >= longestName {
				t.Errorf("%s: %s has %d characters, want fewer than %d", path, found[1], len(found[1]), longestName)
			}
		}
	})
	if names < 500 {
		t.Errorf("found %d tests only", names)
	}
}
