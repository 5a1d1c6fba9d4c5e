package books_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// Every target that a person types is in make help, with a line that says what it does.
func TestMakeHelpListsEveryTarget(t *testing.T) {
	t.Parallel()
	phony := regexp.MustCompile(`(?m)^\.PHONY: ([a-z-]+)$`).FindAllStringSubmatch(read(t, filepath.Join(root, "Makefile")), -1)
	listed := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^  ([a-z-]+) {2,}\S+ \S+`).FindAllStringSubmatch(must(t, root, "make", "-s", "help"), -1) {
		listed[line[1]] = true
	}
	for _, target := range phony {
		if !listed[target[1]] {
			t.Errorf("make help does not list %s", target[1])
		}
	}
	// What a user may rely on.
	contract := []string{
		"bench", "bench-compare", "build", "chaos", "down", "fmt", "generate", "golden", "help", "lint", "module", "test", "test-short", "up",
	}
	for _, target := range contract {
		if !listed[target] || !slices.ContainsFunc(phony, func(p []string) bool { return p[1] == target }) {
			t.Errorf("there is no target %s", target)
		}
	}
}
