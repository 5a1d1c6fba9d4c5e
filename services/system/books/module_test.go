package books_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const newPath = "github.com/you/traceria"

// A copy of the repository gets another module path, as make module does it. The copy builds, and so does the program of
// telemetry/README.md in a module outside of it.
func TestModuleGetsAnotherPath(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the whole repository a second time")
	}
	t.Parallel()
	here := copyOfRepository(t)
	for _, wrong := range []string{"", "pizzeria", "github.com/you/my pizzeria", "github.com/../x", "https://github.com/you/x", "github.com/you/x;y"} {
		if out, err := run(here, "./module.sh", wrong); err == nil || !strings.Contains(out, "want HOST/PATH") && !strings.Contains(out, "malformed import path") &&
			!strings.Contains(out, "want for example") {
			t.Errorf("%q is not refused with what is wanted: %v, %s", wrong, err, out)
		}
	}
	if text := read(t, filepath.Join(here, "go.mod")); !strings.HasPrefix(text, "module traceria\n") {
		t.Fatalf("a refused name changed go.mod: %.60s", text)
	}
	must(t, here, "make", "-s", "module", "NAME="+newPath)
	if out := must(t, here, "./module.sh", newPath); !strings.Contains(out, "already") {
		t.Errorf("the second run says %q", out)
	}
	checkNothingIsLeft(t, here)
	must(t, here, "go", "build", "./...")
	must(t, here, "go", "vet", "./...")
	must(t, here, "go", "test", "-run", "^TestScopeNamesTheConventions$", "./telemetry/otelamqp")
	must(t, here, "go", "vet", "-C", "telemetry/otelamqp/peers", "./...")
	buildOutside(t, here)
}

// checkNothingIsLeft finds the old path where a tool reads it: modules, imports, the linter's settings and build flags.
func checkNothingIsLeft(t *testing.T, here string) {
	t.Helper()
	old := regexp.MustCompile(`(?m)^module traceria\b|[" =\[]traceria/(services|telemetry|collector|dashboards)\b|(pkg: |local-prefixes: \[|module-path: )traceria\b|^(replace|require)?\s+traceria( v0| =>)`)
	seen := 0
	err := filepath.WalkDir(here, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "module_test.go") || strings.HasSuffix(path, "module.sh") {
			return err
		}
		text := read(t, path)
		seen += strings.Count(text, newPath)
		if found := old.FindString(text); found != "" {
			t.Errorf("%s still has %q", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 300 {
		t.Errorf("the new path is in %d places only", seen)
	}
	for name, want := range map[string]string{
		"go.mod": "module " + newPath + "\n", "tools.mod": "module " + newPath + "\n", "collector/go.mod": "module " + newPath + "/collector\n",
		"collector/otelcol/go.mod":        "module " + newPath + "/collector/otelcol\n",
		"telemetry/otelamqp/peers/go.mod": "replace " + newPath + " => ../../..\n",
		".golangci.yml":                   "local-prefixes: [" + newPath + "]",
	} {
		if !strings.Contains(read(t, filepath.Join(here, name)), want) {
			t.Errorf("%s has not %q", name, want)
		}
	}
}

// buildOutside builds the program of telemetry/README.md in a module of its own.
func buildOutside(t *testing.T, here string) {
	t.Helper()
	program := regexp.MustCompile("(?ms)^```go\n(package main\n.*?)^```$").FindStringSubmatch(read(t, filepath.Join(here, "telemetry", "README.md")))
	if program == nil {
		t.Fatal("telemetry/README.md has no program")
	}
	outside := t.TempDir()
	write(t, filepath.Join(outside, "main.go"), program[1])
	// The versions and sums of the repository: nothing has to be fetched.
	module := strings.Replace(read(t, filepath.Join(here, "go.mod")), "module "+newPath, "module example.com/bakery", 1)
	write(t, filepath.Join(outside, "go.mod"), module+"\nrequire "+newPath+" v0.0.0\n\nreplace "+newPath+" => "+here+"\n")
	write(t, filepath.Join(outside, "go.sum"), read(t, filepath.Join(here, "go.sum")))
	must(t, outside, "go", "vet", "-mod=mod", ".")
	must(t, outside, "go", "build", "-mod=mod", "-o", os.DevNull, ".")
}

func copyOfRepository(t *testing.T) string {
	t.Helper()
	here := t.TempDir()
	walk(t, func(path string, entry fs.DirEntry) {
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(here, name)
		switch {
		case entry.IsDir():
			err = os.MkdirAll(target, 0o755)
		case entry.Type().IsRegular():
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				err = os.WriteFile(target, []byte(read(t, path)), info.Mode().Perm())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	return here
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(dir, program string, args ...string) (string, error) {
	command := exec.Command(program, args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	return string(out), err
}

func must(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	out, err := run(dir, program, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return out
}
