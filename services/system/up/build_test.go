package up

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildJaeger is the build that jaeger.sh asks for.
func (h house) buildJaeger(t *testing.T, wantCode int) string {
	t.Helper()
	h.write(t, "build-it.sh", "#!/bin/sh\ncd collector && exec ../build.sh ../bin/jaeger github.com/jaegertracing/jaeger/cmd/jaeger\n", 0o700)
	return h.run(t, wantCode, "build-it.sh")
}

func TestAFailedBuildKeepsTheOldProgram(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.buildJaeger(t, 0)
	h.write(t, "source/cmd/jaeger/main.go", "package main\n\nfunc main() { print(missing) }\n", 0o600)
	contains(t, h.buildJaeger(t, 1), "undefined: missing")
	h.says(t, builtSays)
	if left, _ := filepath.Glob(filepath.Join(h.dir, "bin/.jaeger.[0-9]*")); len(left) > 0 {
		t.Errorf("these are left over: %v", left)
	}
}

// Downloads of modules and a long compilation are quiet by themselves: here each takes 4 s.
func TestABuildIsNeverSilent(t *testing.T) {
	t.Parallel()
	h := withGo(t, `case $1 in list | build) sleep 4 ;; esac; exec "$GO" "$@"`)
	contains(t, h.buildJaeger(t, 0), "jaeger: fetching modules, 0 so far\n", "jaeger: 0 of 1 package\n")
	h.says(t, builtSays)
}

func TestAGoThatIsTooOldIsNamed(t *testing.T) {
	t.Parallel()
	h := withGo(t, `case $1 in env) echo go1.19.8 ;; version) echo go version go1.19.8 linux/amd64 ;; esac`)
	contains(t, h.buildJaeger(t, 1), "go1.19.8 linux/amd64 is too old. go.mod says which version is needed.")
}

// withGo returns a house in which a script takes the place of the go command, which it knows as $GO.
func withGo(t *testing.T, script string) house {
	t.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	h.write(t, "path/go", "#!/bin/sh\nGO='"+path+"'\n"+script+"\n", 0o700)
	return h.with("PATH=" + strings.Join([]string{filepath.Join(h.dir, "path"), pathWithout(t, "jaeger")}, ":"))
}
