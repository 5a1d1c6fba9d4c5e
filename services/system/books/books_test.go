// Package books_test tests what the repository's pages promise: links lead somewhere, the front page is short and its
// commands are known to a test that runs them, and the module can be given a path of its own.
package books_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the top folder of the repository.
const root = "../../.."

// longest is the size of the front page, in bytes: what a reader takes in before the first command.
const longest = 9_000

func TestFrontPageIsShort(t *testing.T) {
	t.Parallel()
	if size := len(read(t, filepath.Join(root, "README.md"))); size > longest {
		t.Errorf("README.md has %d bytes, want at most %d: put what is about one folder into that folder's README.md", size, longest)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence   = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```$")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for path := range pages(t) {
		text := fence.ReplaceAllString(read(t, path), "")
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(found[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere: %v", path, found[1], err)
				continue
			}
			if anchor != "" && !anchors(read(t, target))[anchor] {
				t.Errorf("%s: %s: the page has no heading for #%s", path, found[1], anchor)
			}
		}
	}
	if links < 50 {
		t.Errorf("found %d links only", links)
	}
}

// anchors are the names under which GitHub reaches the headings of a page.
func anchors(page string) map[string]bool {
	names := map[string]bool{}
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		var name strings.Builder
		for _, r := range strings.ToLower(found[1]) {
			switch {
			case r == ' ':
				name.WriteRune('-')
			case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
				name.WriteRune(r)
			}
		}
		names[name.String()] = true
	}
	return names
}

// pages are the paths of all Markdown files.
func pages(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	walk(t, func(path string, entry fs.DirEntry) {
		if filepath.Ext(path) == ".md" && !entry.IsDir() {
			found[path] = true
		}
	})
	if len(found) < 10 {
		t.Fatalf("found %d pages only", len(found))
	}
	return found
}

// walk visits every file and folder of the repository that is not made by a build or a run.
func walk(t *testing.T, visit func(path string, entry fs.DirEntry)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := entry.Name(); {
		case !entry.IsDir() && name == ".git": // of a work tree
			return nil
		case entry.IsDir() && (name == ".git" || name == "bin" || name == ".run" || name == "node_modules"):
			return fs.SkipDir
		}
		visit(path, entry)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
