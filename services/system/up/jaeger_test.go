package up

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const script = "collector/jaeger.sh"

func TestTheReleaseIsDownloadedOnce(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
	contains(t, h.run(t, 0, script), "with its web pages", "the checksum is right")
	h.says(t, releaseSays)
	if got := strings.TrimSpace(h.run(t, 0, script, "--path")); got != filepath.Join(h.dir, "bin/jaeger") {
		t.Errorf("--path prints %s", got)
	}
	contains(t, h.run(t, 0, script), "using the downloaded release")
	if asked := r.asked(); len(asked) != 2 {
		t.Errorf("requests: %v, want the checksums and the archive once", asked)
	}
}

func TestAnEmptyAddressMeansNoDownload(t *testing.T) {
	t.Parallel()
	out := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=").run(t, 0, script)
	contains(t, out, "building it from source")
	if strings.Contains(out, "downloading") || strings.Contains(out, "cannot download") {
		t.Errorf("it printed:\n%s", out)
	}
}

func TestJaegerOnPathIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
	h.write(t, "path/jaeger", "#!/bin/sh\n", 0o700)
	installed := filepath.Join(h.dir, "path/jaeger")
	h = h.with("PATH=" + filepath.Dir(installed) + ":" + pathWithout(t, "jaeger"))
	contains(t, h.run(t, 0, script), "using "+installed)
	contains(t, h.run(t, 0, script, "--download"), "using "+installed)
	if got := strings.TrimSpace(h.run(t, 0, script, "--path")); got != installed {
		t.Errorf("--path prints %s, want %s", got, installed)
	}
	if asked := r.asked(); len(asked) > 0 {
		t.Errorf("it requested %v", asked)
	}
}

func TestTheReleaseFitsTheMachine(t *testing.T) {
	t.Parallel()
	for machine, want := range map[string]string{
		"Linux x86_64": "linux-amd64", "Linux aarch64": "linux-arm64", "Darwin x86_64": "darwin-amd64", "Darwin arm64": "darwin-arm64",
		"Linux riscv64": "", "FreeBSD amd64": "",
	} {
		t.Run(machine, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t)
			h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
			system, processor, _ := strings.Cut(machine, " ")
			h.write(t, "path/uname", fmt.Sprintf("#!/bin/sh\n[ \"$1\" = -s ] && echo %s || echo %s\n", system, processor), 0o700)
			missing := []string{"jaeger"}
			if system == "Darwin" {
				missing = append(missing, "flock", "sha256sum") // it has shasum
				needs(t, "shasum")
			}
			h = h.with("PATH=" + filepath.Join(h.dir, "path") + ":" + pathWithout(t, missing...))
			if want == "" {
				contains(t, h.run(t, 1, script, "--download"), "there is no release for")
				if asked := r.asked(); len(asked) > 0 {
					t.Errorf("it requested %v", asked)
				}
				return
			}
			h.run(t, 0, script, "--download")
			if target, _ := os.Readlink(filepath.Join(h.dir, "bin/jaeger")); !strings.HasSuffix(target, "-"+want) {
				t.Errorf("bin/jaeger is %q", target)
			}
		})
	}
}

func TestAReleaseOfAnotherVersionIsReplaced(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
	h.write(t, "bin/jaeger-1.2.3-linux-amd64", "#!/bin/sh\necho an old one\n", 0o700)
	if err := os.Symlink("jaeger-1.2.3-linux-amd64", filepath.Join(h.dir, "bin/jaeger")); err != nil {
		t.Fatal(err)
	}
	h.run(t, 0, script)
	h.says(t, releaseSays)
}
