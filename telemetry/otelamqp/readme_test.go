package otelamqp_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeTablesAreTrue: each row of the tables names an existing file and existing tests.
func TestReadmeTablesAreTrue(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	must(t, err)
	files, err := filepath.Glob("*.go")
	must(t, err)
	var source strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		source.Write(text)
	}
	exists := func(test string) bool { return strings.Contains(source.String(), "func "+test+"(") }
	named := regexp.MustCompile(`(?:Test|Fuzz)[A-Z]\w+`)
	fileName := regexp.MustCompile("`(\\w+\\.go)`")
	rows := 0
	for line := range strings.Lines(string(readme)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		tests := named.FindAllString(cells[len(cells)-1], -1)
		isRule := strings.HasPrefix(line, "| ") && (len(cells) == 3 || len(tests) > 0)
		if !isRule || strings.HasPrefix(line, "| rule ") {
			continue
		}
		rows++
		if len(tests) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, test := range tests {
			if !exists(test) {
				t.Errorf("there is no %s: %s", test, line)
			}
		}
		if len(cells) == 3 && !fileName.MatchString(cells[1]) {
			t.Errorf("no file: %s", line)
		}
		for _, file := range fileName.FindAllStringSubmatch(line, -1) {
			if _, err := os.Stat(file[1]); err != nil {
				t.Errorf("%v: %s", err, line)
			}
		}
	}
	if rows < 50 {
		t.Errorf("only %d rows were found", rows)
	}
}
