package up

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// house is a copy of the scripts in a folder of its own. A small program takes the place of Jaeger's source, so that a
// build takes a second.
type house struct {
	dir string
	env []string
}

const builtSays = "built from source"

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{dir: t.TempDir()}
	for _, script := range []string{"build.sh", "collector/jaeger.sh"} {
		content, err := os.ReadFile(filepath.Join("../../..", script))
		if err != nil {
			t.Fatal(err)
		}
		h.write(t, script, string(content), 0o700)
	}
	h.write(t, "collector/go.mod", "module traceria/collector\n\ngo 1.26\n\nrequire github.com/jaegertracing/jaeger v1.76.0\n\n"+
		"replace github.com/jaegertracing/jaeger => ../source\n", 0o600)
	h.write(t, "collector/go.sum", "", 0o600)
	h.write(t, "source/go.mod", "module github.com/jaegertracing/jaeger\n\ngo 1.26\n", 0o600)
	h.write(t, "source/cmd/jaeger/main.go", "package main\n\nfunc main() { print(\""+builtSays+"\") }\n", 0o600)
	h.env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "NO_PROXY=127.0.0.1", "PATH="+pathWithout(t, "jaeger"))
	return h
}

func (h house) write(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// with returns the house with more environment variables.
func (h house) with(env ...string) house {
	h.env = append(append([]string(nil), h.env...), env...)
	return h
}

// run runs a program of the house and returns its output. It fails the test when the exit code is not the wanted one.
func (h house) run(t *testing.T, wantCode int, name string, args ...string) string {
	t.Helper()
	out, err := h.try(t.Context(), name, args...)
	code := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code != wantCode {
		t.Fatalf("%s %s: exit code %d, want %d\n%s", name, strings.Join(args, " "), code, wantCode, out)
	}
	return out
}

// try runs a program of the house for at most a minute and returns its output.
func (h house) try(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(h.dir, name), args...)
	cmd.Dir, cmd.Env = h.dir, h.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// says runs bin/jaeger and fails the test when it prints something else.
func (h house) says(t *testing.T, want string) {
	t.Helper()
	if got := strings.TrimSpace(h.run(t, 0, "bin/jaeger")); got != want {
		t.Errorf("bin/jaeger prints %q, want %q", got, want)
	}
}

// holds tells whether a file below the house's bin has this content.
func (h house) holds(t *testing.T, content []byte) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(filepath.Join(h.dir, "bin"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.ReadFile(path)
		found = found || bytes.Contains(file, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// pathWithout returns the PATH of this machine without the named programs.
func pathWithout(t *testing.T, names ...string) string {
	t.Helper()
	folders := filepath.SplitList(os.Getenv("PATH"))
	for i, folder := range folders {
		if slices.ContainsFunc(names, func(name string) bool { return exists(filepath.Join(folder, name)) }) {
			folders[i] = folderWithout(t, folder, names)
		}
	}
	return strings.Join(folders, string(filepath.ListSeparator))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// folderWithout returns a folder of links to the programs of another, except the named ones.
func folderWithout(t *testing.T, folder string, names []string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	links := t.TempDir()
	for _, entry := range entries {
		if slices.Contains(names, entry.Name()) {
			continue
		}
		if err := os.Symlink(filepath.Join(folder, entry.Name()), filepath.Join(links, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return links
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("this machine has no %s", program)
	}
}
