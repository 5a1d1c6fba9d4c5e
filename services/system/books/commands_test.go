package books_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// typed says where each command of README.md runs: a file of a test or of the workflow, and the text in it.
var typed = map[string]struct{ file, text string }{
	"docker compose up": {"services/system/compose/up_test.go", "docker compose --progress quiet up --wait"},
	"make up":           {".github/workflows/ci.yml", "run: make up"},
	"make down":         {".github/workflows/ci.yml", "run: make down"},
}

// frontPageTest types commands as they stand in README.md.
const frontPageTest = "services/system/frontpage_test.go"

func TestCommandsOfTheFrontPageAreTested(t *testing.T) {
	t.Parallel()
	commands := map[string]bool{}
	for _, command := range commandLines(read(t, filepath.Join(root, "README.md"))) {
		commands[command] = true
		where, listed := typed[command]
		if !listed {
			where.file, where.text = frontPageTest, command
		}
		if !strings.Contains(read(t, filepath.Join(root, where.file)), where.text) {
			t.Errorf("README.md: no test types %q: %s does not contain %q", command, where.file, where.text)
		}
	}
	for command := range typed {
		if !commands[command] {
			t.Errorf("README.md has no command %q any more", command)
		}
	}
	if len(commands) < 9 {
		t.Errorf("found %d commands only", len(commands))
	}
}

var (
	plainBlock = regexp.MustCompile("(?ms)^```\n(.*?)^```$")
	comment    = regexp.MustCompile(`\s{2,}# .*$`)
)

// commandLines returns the lines of the page's blocks that a reader types, without their comments.
func commandLines(page string) []string {
	var lines []string
	for _, block := range plainBlock.FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(block[1], "POST /order") { // what a command prints
			for line := range strings.Lines(block[1]) {
				lines = append(lines, strings.TrimSpace(comment.ReplaceAllString(strings.TrimSpace(line), "")))
			}
		}
	}
	return lines
}
