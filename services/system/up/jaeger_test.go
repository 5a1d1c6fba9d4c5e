package up

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
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

// Whatever is wrong with the release, its program is not executed and no part of it stays. Jaeger is then built.
func TestAReleaseThatCannotBeTrustedIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file string
		instead    http.HandlerFunc
		want       string
	}{
		{"wrong checksum", ".sha256sum.txt", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(checksums(baseName(r), []byte("another program")))
		}, "REFUSED: the downloaded program has the SHA-256 checksum"},
		{"no checksum", ".sha256sum.txt", func(http.ResponseWriter, *http.Request) {}, "the release publishes none"},
		{"checksums missing", ".sha256sum.txt", http.NotFound, "404"},
		{"archive missing", ".tar.gz", http.NotFound, "404"},
		{"transfer cut off", ".tar.gz", cutOff, "the release cannot be downloaded"},
		{"archive cut off", ".tar.gz", func(w http.ResponseWriter, r *http.Request) {
			whole := archive(baseName(r), newProgram)
			_, _ = w.Write(whole[:len(whole)/2])
		}, "the downloaded archive is damaged"},
		{"not an archive", ".tar.gz", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>please log in</html>")
		}, "the downloaded archive is damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t)
			r.answer(test.file, test.instead)
			h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
			contains(t, h.run(t, 1, script, "--download"), test.want)
			contains(t, h.run(t, 0, script), test.want, "building it from source", "has no web pages")
			h.says(t, builtSays)
			r.neverRan(t)
			if h.holds(t, r.program) {
				t.Error("the refused program is still in bin")
			}
		})
	}
}

// newProgram does not compress well, so half of its archive is really half.
var newProgram = []byte(strings.Repeat("a program of the release\n", 1000))

func baseName(r *http.Request) string { return file.FindStringSubmatch(filepath.Base(r.URL.Path))[1] }

// cutOff announces more than it sends.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "40000000")
	_, _ = io.WriteString(w, "the first bytes")
}

// hang sends the first bytes and then nothing until the client leaves.
func hang(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "40000000")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func TestAServerThatHangsIsGivenUpWithinSeconds(t *testing.T) {
	t.Parallel()
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, behaviour := range map[string]http.HandlerFunc{"without an answer": silent, "amid the file": hang} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelease(t)
			r.answer(".tar.gz", behaviour)
			h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
			start := time.Now()
			contains(t, h.run(t, 1, script, "--download"), "jaeger: 0 of ", "the release cannot be downloaded")
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestWithoutANetworkJaegerIsBuiltAtOnce(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://release.invalid", "http://127.0.0.1:1"} {
		h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + address)
		start := time.Now()
		h.run(t, 1, script, "--download")
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("%s: it took %s to give up", address, took)
		}
		contains(t, h.run(t, 0, script), "curl: ", "the release cannot be downloaded", "building it from source")
		h.says(t, builtSays)
	}
}

func TestAnEmptyAddressMeansNoDownload(t *testing.T) {
	t.Parallel()
	out := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=").run(t, 0, script)
	contains(t, out, "building it from source")
	if strings.Contains(out, "download") {
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

func TestWithoutCurlJaegerIsBuilt(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL="+r.URL, "PATH="+pathWithout(t, "jaeger", "curl"))
	contains(t, h.run(t, 0, script), "curl is not installed", "building it from source")
	h.says(t, builtSays)
}

// An interrupted download leaves no process and no file, and the next one begins anew.
func TestAnInterruptedDownloadLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	asked, left := make(chan struct{}), make(chan struct{})
	r.answer(".tar.gz", func(w http.ResponseWriter, request *http.Request) {
		close(asked)
		hang(w, request)
		close(left)
	})
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
	cmd := exec.CommandContext(t.Context(), filepath.Join(h.dir, script))
	cmd.Dir, cmd.Env = h.dir, h.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, asked, "request")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the interrupted script reports success")
	}
	await(t, left, "end of the request")
	if exists(filepath.Join(h.dir, "bin/.jaeger-download")) {
		t.Error("the unfinished download is still in bin")
	}
	r.answer(".tar.gz", nil)
	h.run(t, 0, script)
	h.says(t, releaseSays)
}

func await(t *testing.T, event <-chan struct{}, name string) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(5 * time.Second):
		t.Fatalf("no %s within 5 s", name)
	}
}

func TestTwoAtOnceDownloadOnce(t *testing.T) {
	t.Parallel()
	needs(t, "flock")
	r := newRelease(t)
	h := newHouse(t).with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if out, err := h.try(t.Context(), script); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	group.Wait()
	h.says(t, releaseSays)
	if asked := r.asked(); len(asked) != 2 {
		t.Errorf("requests: %v, want the checksums and the archive once", asked)
	}
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
