package page_test

import (
	"bytes"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"traceria/services/console/page"
)

// TestPageInNode runs the unit tests of the page's modules with Node's own runner.
func TestPageInNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the page's unit tests were not run (make test installs it)")
	}
	files, err := filepath.Glob("test/*.test.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), node, append([]string{"--test"}, files...)...).CombinedOutput()
	if err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
}

// reference is an address of a file in the shell.
var reference = regexp.MustCompile(`(?:href|src)="/assets/([^"]+)"`)

func TestShellNamesFilesThatExist(t *testing.T) {
	found := reference.FindAllSubmatch(page.Shell(), -1)
	if len(found) < 5 {
		t.Fatalf("the shell names %d files", len(found))
	}
	for _, match := range found {
		if _, err := fs.Stat(page.Assets(), string(match[1])); err != nil {
			t.Error(err)
		}
	}
}

func TestShellHasNothingInline(t *testing.T) {
	for _, inline := range []string{`<style`, `style="`, `javascript:`} {
		if bytes.Contains(page.Shell(), []byte(inline)) {
			t.Errorf("the shell has %s", inline)
		}
	}
	if found := regexp.MustCompile(`<script(?:[^>]*)>[^<]`).Find(page.Shell()); found != nil {
		t.Errorf("the shell has an inline script: %s", found)
	}
	if found := regexp.MustCompile(`\son[a-z]+="`).Find(page.Shell()); found != nil {
		t.Errorf("the shell has an inline handler: %s", found)
	}
}
